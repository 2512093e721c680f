import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { needsThat } from '../../../peers/needs.ts';
import { Peers } from '../../../peers/process.ts';
import { ROOT } from '../../../root.ts';
import { OURS, REAL } from './served.ts';

const run = promisify(execFile);
const PYTHON = '/usr/bin/python3';
const SCHEMA = join(ROOT, 'test/golden/ovsdb/rfc-5/edge.ovsschema');

/** Two IDLs, as two programs would have them: what one changes the other sees, or has to try again. */
const PROGRAM = `
import sys
import ovs.db.idl, ovs.poller
remote, schema = sys.argv[1:]
Txn = ovs.db.idl.Transaction

def connect():
    helper = ovs.db.idl.SchemaHelper(schema)
    helper.register_all()
    return ovs.db.idl.Idl(remote, helper)

a, b = connect(), connect()

def until(condition):
    while not condition():
        a.run(); b.run()
        if condition():
            return
        poller = ovs.poller.Poller()
        a.wait(poller); b.wait(poller)
        poller.timer_wait(1000)
        poller.block()

until(lambda: a.has_ever_connected() and b.has_ever_connected())
def rows(idl, table='T'): return idl.tables[table].rows.values()
def named(idl, name): return next((r for r in rows(idl) if r.name == name), None)
def show(idl):
    for r in sorted(rows(idl), key=lambda r: r.name):
        print(r.name, r.n, sorted(r.fixed), r.gone, [k.name for k in r.kid], sorted(k.name for k in r.kids),
              sorted((k.name, v.name) for k, v in r.sure.items()), [w.name for w in r.weak])
    print('kids', sorted((k.name, [n.name for n in k.next]) for k in rows(idl, 'Kid')))

# Inserts that refer to each other, in one transaction.
txn = Txn(a)
t = txn.insert(a.tables['T']); k1 = txn.insert(a.tables['Kid']); k2 = txn.insert(a.tables['Kid'])
t.name, t.n, t.fixed, t.gone = 'first', 2**53 + 1, ['b', 'a', 'é'], 9
k1.name, k2.name = 'k1', 'k2'
k1.next = k2
t.kid, t.kids, t.sure, t.weak = k1, [k1, k2], {k1: k2}, t
txn.add_comment('one\\ntwo')
print(txn.commit_block())
until(lambda: named(b, 'first'))
show(b)

# Changes of sets by mutations.
txn = Txn(b)
r = named(b, 'first'); k3 = txn.insert(b.tables['Kid']); k3.name = 'k3'
r.addvalue('kids', k3); r.delvalue('kids', next(k for k in rows(b, 'Kid') if k.name == 'k1'))
print(txn.commit_block())
until(lambda: len(rows(a, 'Kid')) == 3)
show(a)

# A verified column that is as it was, and one that is not.
txn = Txn(a); r = named(a, 'first'); r.verify('n'); r.n = 5
print(txn.commit_block())
until(lambda: named(b, 'first').n == 5)
stale = named(a, 'first')
txn = Txn(b); named(b, 'first').n = 6
print(txn.commit_block())
txn = Txn(a); stale.verify('n'); stale.n = stale.n + 100
status = txn.commit()
while status == Txn.INCOMPLETE:
    a.run(); status = txn.commit()
print(status)
until(lambda: named(a, 'first').n == 6)

# increment, which goes with another change only
for i, idl in enumerate((a, b, a)):
    txn = Txn(idl); r = named(idl, 'first'); r.gone = 100 + i; r.increment('n')
    print(txn.commit_block(), txn.get_increment_new_value())
    until(lambda: named(a, 'first').n == named(b, 'first').n == 7 + i)
show(a)

# Nothing to do, an abort, a violation of an index, a lock that is not held.
txn = Txn(a); named(a, 'first').n = named(a, 'first').n; print(txn.commit_block())
txn = Txn(a); txn.insert(a.tables['T']).name = 'aborted'; txn.abort(); print(txn.commit())
txn = Txn(a)
for i in range(2): txn.insert(a.tables['I']).i = 7
print(txn.commit_block(), (txn.get_error() or '')[:20])

# Deletes: the kids go with their parent.
txn = Txn(b); named(b, 'first').delete(); print(txn.commit_block())
until(lambda: not rows(a) and not rows(a, 'Kid'))
show(a)

# Many at once.
txn = Txn(a)
for i in range(200): txn.insert(a.tables['I']).i = i
print(txn.commit_block())
until(lambda: len(rows(b, 'I')) == 200)
print(sum(r.i for r in rows(b, 'I')))
txn = Txn(b)
for r in list(rows(b, 'I')):
    if r.i % 2: r.delete()
    else: r.x = str(r.i)
print(txn.commit_block())
until(lambda: len(rows(a, 'I')) == 100 and all(r.x for r in rows(a, 'I')))
print(sorted(r.x for r in rows(a, 'I'))[:5])
a.close(); b.close()
`;

describe("Python's ovs.db.idl sees and does the same with our server as with ovsdb-server", function () {
  this.timeout(60_000);
  const peers = new Peers();
  before(function () {
    let there = true;
    try {
      execFileSync(PYTHON, ['-c', 'import ovs.db.idl'], { stdio: 'ignore' });
    } catch {
      there = false;
    }
    needsThat(this, there, 'the Python module ovs', 'python3-openvswitch');
    REAL.require(this);
  });
  after(() => peers.end());

  it('inserts, updates, mutations, verify, increment, deletes', async () => {
    const said = await Promise.all(
      [OURS, REAL].map(async (maker) => {
        const remote = await maker.serve(peers, SCHEMA);
        const { stdout } = await run(PYTHON, ['-c', PROGRAM, remote, SCHEMA], { timeout: 50_000 });
        return stdout;
      }),
    );
    assert.equal(said[0], said[1]);
    assert.match(said[0] ?? '', /^try again$/m);
  });
});
