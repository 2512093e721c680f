import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { State } from '../../../rpc/state/state.ts';
import { needs, needsThat } from '../../peers/needs.ts';
import { Peers, run } from '../../peers/process.ts';
import { ROOT } from '../../root.ts';
import { ENGINES, followConfiguration, openState, seedHost } from './engines.ts';
import { abilities, OVS_32 } from './fixtures.ts';

const REMOTE = 'unix:/run/vhost-compat/db.sock';
/** Debian's own, which finds python3-openvswitch wherever PATH leads. */
const PYTHON = '/usr/bin/python3';

/** The examples of one language, in the order of the page. */
function examples(language: string): string[] {
  const blocks = readFileSync(join(ROOT, 'docs/database.md'), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms);
  return [...blocks].flatMap(([, name, text]) => (name === language && text !== undefined ? [text] : []));
}

function hasIdl(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import ovs.db.idl'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

for (const engine of ENGINES) {
  describe(`examples of docs/database.md, on ${engine.name}`, () => {
    const peers = new Peers();
    let remote = '';
    let state: State;
    before(async function () {
      engine.check(this);
      needs(this, 'ovsdb-client', 'openvswitch-common');
      remote = await engine.start(peers);
      state = await openState(peers, remote);
      await seedHost(state.client, { systemId: 'h1', hostname: 'host1', abilities: abilities(OVS_32) });
      await followConfiguration(peers, remote);
    });
    after(() => peers.end());

    const here = (text: string | undefined) => (text ?? assert.fail()).replaceAll(REMOTE, remote);
    const shell = async (text: string | undefined) => await run('sh', ['-ec', here(text)]);

    it('add an interface, pin a version and show both', async () => {
      const [add, pin, dump, monitor] = examples('sh');
      assert.match(await shell(add), /"uuid"/);
      assert.match(await shell(pin), /\{"next_cfg":2\}/);
      await state.until(() => state.host().curCfg === 2);
      assert.equal(state.interface('vhu0').version, 'upstream.ovs-dpdk.v2.13');
      assert.match(await shell(dump), /vhu0/);
      await peers.start('sh', ['-c', `exec ${here(monitor)}`]).waitFor(/vhu0/);
    });

    it('wait in Python until the agent has followed', async function () {
      needsThat(this, hasIdl(), 'ovs.db.idl', 'python3-openvswitch');
      const [script] = examples('python');
      assert.equal(await run(PYTHON, ['-c', here(script)]), "followed\nvhu0 ['upstream.ovs-dpdk.v3.2']\n");
    });
  });
}
