"""An application on ovs.db.idl, as it is: REMOTE SCHEMA-FILE. Commands come on standard input, one line each:

    cond JSON          the condition of table Thing
    insert NAME N      a transaction
    update NAME N      a transaction
    quit

It prints `rows NAME=N/TAGS ...` whenever what it has differs, `cleared` when it throws all of it away to begin anew, and what became
of transactions.
"""
import json
import select
import sys

import ovs.db.idl
import ovs.poller

remote, schema = sys.argv[1:]
helper = ovs.db.idl.SchemaHelper(schema)
helper.register_columns("Thing", ["name", "number", "tags"])
idl = ovs.db.idl.Idl(remote, helper)


def say(*words):
    print(*words, flush=True)


def tell_of(name):
    """Says when the IDL calls this method of its own."""
    method = getattr(idl, "_Idl__" + name)

    def telling(*args, **kwargs):
        say(name + "ed")
        return method(*args, **kwargs)

    setattr(idl, "_Idl__" + name, telling)


tell_of("clear")


def commit(change):
    txn = ovs.db.idl.Transaction(idl)
    change(txn)
    say("transaction", txn.commit_block())
    shown()


def insert(name, number):
    def change(txn):
        row = txn.insert(idl.tables["Thing"])
        row.name = name
        row.number = int(number)
        row.tags = ["b", "a"]
    commit(change)


def update(name, number):
    def change(txn):
        for row in idl.tables["Thing"].rows.values():
            if row.name == name:
                row.number = int(number)
                row.tags = ["a", "c"]
    commit(change)


last = None


def shown():
    global last
    if not idl.has_ever_connected():
        return
    rows = sorted("%s=%d/%s" % (row.name, row.number, "".join(row.tags)) for row in idl.tables["Thing"].rows.values())
    if rows != last:
        last = rows
        say("rows", *rows)


while True:
    idl.run()
    shown()
    if select.select([sys.stdin], [], [], 0)[0]:
        command, *words = sys.stdin.readline().split(" ")
        words = [word.strip() for word in words]
        if command.strip() in ("", "quit"):
            break
        if command == "cond":
            idl.cond_change("Thing", json.loads(" ".join(words)))
        else:
            {"insert": insert, "update": update}[command](*words)
        continue
    poller = ovs.poller.Poller()
    idl.wait(poller)
    poller.fd_wait(sys.stdin.fileno(), ovs.poller.POLLIN)
    poller.timer_wait(200)
    poller.block()
