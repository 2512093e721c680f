"""An application on ovs.db.idl, whatever its version: REMOTE SCHEMA-FILE. It prints

    rows {NAME: [NUMBER, TAGS, SIZES], ...}   whenever what it has differs
    monitoring                                whenever it has taken the answer to its request for a monitor

and ends with its standard input. A line of it is the condition of table Thing, as JSON.
"""
import json
import select
import sys

import ovs.db.idl
import ovs.poller

remote, schema = sys.argv[1:]
helper = ovs.db.idl.SchemaHelper(schema)
helper.register_columns("Thing", ["name", "number", "tags", "sizes"])
idl = ovs.db.idl.Idl(remote, helper)
idl._session.reconnect.set_backoff(100, 100)  # milliseconds between two attempts
told = None
monitoring = False


def tell():
    global told, monitoring
    rows = {
        row.name: [row.number, sorted(row.tags), dict(sorted(row.sizes.items()))]
        for row in idl.tables["Thing"].rows.values()
    }
    text = json.dumps(rows, sort_keys=True)
    if idl.has_ever_connected() and text != told:
        told = text
        print("rows", text, flush=True)
    now = idl.state == idl.IDL_S_MONITORING
    if now != monitoring:
        monitoring = now
        if now:
            print("monitoring", flush=True)


while True:
    idl.run()
    tell()
    if select.select([sys.stdin], [], [], 0)[0]:
        line = sys.stdin.readline()
        if line == "":
            break
        idl.cond_change("Thing", json.loads(line))
        continue
    poller = ovs.poller.Poller()
    idl.wait(poller)
    poller.fd_wait(sys.stdin.fileno(), ovs.poller.POLLIN)
    poller.block()
