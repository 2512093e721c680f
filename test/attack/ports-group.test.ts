import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { TestAgent } from '../e2e/agents.ts';
import { FrontendProcess } from '../e2e/frontends.ts';
import { mockBackend } from '../e2e/hosts.ts';
import { eventually, Peers } from '../peers/process.ts';

/** A user whom the group of the ports' sockets lets in, and nothing else. */
const MEMBER = 64_021;
const GROUP = 64_022;

/** What a member of the ports' group tries; the script ends with 0 when it was done. `$D` stands for the directory. */
const HARMS: readonly { readonly what: string; readonly script: (at: Places) => string }[] = [
  { what: 'opens the database', script: ({ agent }) => connects(agent.path('db.sock')) },
  { what: 'opens the API', script: ({ agent }) => connects(agent.path('api.sock')) },
  { what: 'gives orders', script: ({ relay }) => connects(join(relay, 'orders.sock')) },
  { what: 'removes the database socket', script: ({ agent }) => removes(agent.path('db.sock')) },
  { what: 'puts a socket in the place of the database', script: ({ agent }) => renames(agent.path('db.sock')) },
  { what: 'reads the database file', script: ({ agent }) => reads(agent.path('conf.db')) },
  { what: 'lists the journals', script: ({ relay }) => `readdirSync('${relay}/ports')` },
  { what: 'lists the last orders', script: ({ relay }) => `readdirSync('${relay}/orders')` },
  { what: 'writes to the directory of the relay process', script: ({ relay }) => `writeFileSync('${relay}/x', '')` },
  { what: "removes another port's socket", script: ({ ports }) => removes(join(ports, 'fe')) },
  { what: "moves another port's socket away", script: ({ ports }) => renames(join(ports, 'fe')) },
  { what: "gives another port's socket away", script: ({ ports }) => `chownSync('${ports}/fe', ${MEMBER}, ${MEMBER})` },
  { what: "opens another port's socket to everybody", script: ({ ports }) => `chmodSync('${ports}/fe', 0o666)` },
  { what: 'moves the directory of the ports', script: ({ ports }) => renames(ports) },
];

/** What is ordered by an administrator where a member has prepared something. */
const TRAPS: readonly { readonly what: string; readonly prepare: (at: Places) => string; readonly endpoint: string }[] =
  [
    {
      what: 'a link to a directory of root, as a directory of ports',
      prepare: ({ ports, victim }) => `symlinkSync('${victim}', '${ports}/trap1')`,
      endpoint: 'listen:PORTS/trap1/s',
    },
    {
      what: 'a link to a socket of root, as the socket of a back-end',
      prepare: ({ ports, victim }) => `symlinkSync('${victim}/root.sock', '${ports}/trap2')`,
      endpoint: 'connect:PORTS/trap2',
    },
    {
      what: 'a link to a file of root, where a socket is to be made',
      prepare: ({ ports, victim }) => `symlinkSync('${victim}/secret', '${ports}/trap3')`,
      endpoint: 'listen:PORTS/trap3',
    },
    {
      what: 'a directory of his own that leads out of the directories of sockets',
      prepare: ({ ports, victim }) => `mkdirSync('${ports}/trap4'); symlinkSync('${victim}', '${ports}/trap4/out')`,
      endpoint: 'listen:PORTS/trap4/out/s',
    },
    {
      what: 'a directory in which he lets everybody rename',
      prepare: ({ ports }) => `mkdirSync('${ports}/trap5'); chmodSync('${ports}/trap5', 0o777)`,
      endpoint: 'listen:PORTS/trap5/s',
    },
    { what: 'a path outside the directories of sockets', prepare: () => '0', endpoint: 'listen:VICTIM/s' },
    { what: 'the socket of the API', prepare: () => '0', endpoint: 'listen:RUN/api.sock' },
    { what: 'the socket of the database', prepare: () => '0', endpoint: 'connect:RUN/db.sock' },
    { what: 'the directory of the relay process', prepare: () => '0', endpoint: 'listen:RUN-relay/s' },
  ];

/** What he does to the sockets that he may open, for as long as he lives; `PATHS` are all of them. It says when it has begun. */
const FLOODS: readonly { readonly what: string; readonly each: string }[] = [
  { what: 'two hundred connections to each port that say nothing', each: 'for (let i = 0; i < 200; i++) open(path)' },
  { what: 'half a message on each of them', each: "for (let i = 0; i < 50; i++) open(path, '\\x01\\0\\0\\0')" },
  { what: 'a megabyte of nonsense, over and over', each: "setInterval(() => open(path, 'x'.repeat(1 << 20)), 5)" },
  { what: 'connections that come and go', each: 'setInterval(() => open(path).end(), 1)' },
  {
    what: 'questions without an end, and no answer read',
    each: "open(path, '\\x01\\0\\0\\0\\x01\\0\\0\\0\\0\\0\\0\\0'.repeat(100000)).pause()",
  },
];
const FLOOD = `const open = (path, text = '') => { const s = require('net').connect(path); s.on('error', () => {}); s.write(text); return s; };
for (const path of PATHS) { EACH; } console.log('begun'); setInterval(() => {}, 1000);`;

interface Places {
  readonly agent: TestAgent;
  readonly relay: string;
  readonly ports: string;
  readonly victim: string;
}

const connects = (path: string): string =>
  `require('net').connect('${path}').on('connect', () => process.exit(0)).on('error', ({ message }) => { console.error(message); process.exit(1); })`;
const removes = (path: string): string => `unlinkSync('${path}')`;
const renames = (path: string): string => `renameSync('${path}', '${path}2')`;
const reads = (path: string): string => `readFileSync('${path}')`;

/** Exit status 0, or why not. */
function asMember(script: string): number | string {
  const fs = `const { ${FS} } = require('node:fs'); ${script}`;
  const args = ['--reuid', `${MEMBER}`, '--regid', `${MEMBER}`, '--groups', `${GROUP}`, process.execPath, '-e', fs];
  const { status, stderr } = spawnSync('setpriv', args, { encoding: 'utf8', cwd: '/' });
  return status === 0 ? 0 : stderr;
}
const FS =
  'chmodSync, chownSync, mkdirSync, readFileSync, readdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync';

describe("a member of the ports' group", function () {
  this.timeout(90_000);
  const peers = new Peers();
  let at: Places;
  let root: Server;
  let reached = 0;
  let guest: FrontendProcess;
  let neighbour: FrontendProcess;
  let offered: bigint;

  before(async function () {
    if (process.getuid?.() !== 0) return this.skip(); // needs root: the member is another user
    const folder = peers.folder();
    chmodSync(folder, 0o711);
    const [ports, victim, own] = [join(folder, 'ports'), join(folder, 'victim'), join(folder, 'own')];
    for (const dir of [ports, victim, own]) mkdirSync(dir);
    chownSync(ports, 0, GROUP);
    chmodSync(ports, 0o1770);
    writeFileSync(join(victim, 'secret'), 'secret', { mode: 0o640 });
    root = createServer(() => (reached += 1)).listen(join(victim, 'root.sock'));
    const socketDirs = ['--socket-dir', `${ports}=${GROUP}`, '--socket-dir', own, '--socket-dir', join(folder, 'host')];
    const agent = await TestAgent.start(peers, 'host', socketDirs);
    at = { agent, relay: `${agent.dir}-relay`, ports, victim };
    await mockBackend(peers, `listen:${ports}/be`, 'ovs-3.5');
    const endpoints = ['--frontend', `listen:${ports}/fe`, '--backend', `connect:${ports}/be`];
    await agent.must('add-interface', 'vhu0', ...endpoints);
    guest = new FrontendProcess(peers, `connect:${ports}/fe`);
    await guest.offered();
    await agent.inState('vhu0', 'negotiated');
    // a port in a directory of its own, which only root may open
    await mockBackend(peers, `listen:${own}/be`, 'ovs-3.5');
    await agent.must('add-interface', 'vhu1', '--frontend', `listen:${own}/fe`, '--backend', `connect:${own}/be`);
    await agent.inState('vhu1', 'waiting-frontend');
    neighbour = new FrontendProcess(peers, `connect:${own}/fe`);
    offered = await neighbour.offered();
  });
  after(async () => {
    root?.close();
    await peers.end();
  });

  it('may open the socket of a port', () => {
    assert.equal(lstatSync(join(at.ports, 'fe')).gid, GROUP);
    assert.equal(asMember(connects(join(at.ports, 'fe'))), 0);
  });

  for (const [index, { what, script }] of HARMS.entries())
    it(`${index + 1}. not: ${what}`, () => assert.match(`${asMember(script(at))}`, /EACCES|EPERM/));

  for (const [index, { what, prepare, endpoint }] of TRAPS.entries())
    it(`${HARMS.length + index + 1}. misleads nobody with ${what}`, async () => {
      const { agent, ports, victim } = at;
      assert.equal(asMember(prepare(at)), 0);
      const path = endpoint.replace('PORTS', ports).replace('VICTIM', victim).replace('RUN', agent.dir);
      const name = `trap${index}`;
      await agent.must(
        'add-interface',
        name,
        '--no-wait',
        '--backend',
        path,
        '--frontend',
        `listen:${ports}/fe${index}`,
      );
      const { error } = await eventually(`${name} is refused`, async () => {
        const shown = await agent.show(name);
        return shown.state === 'error' && shown;
      });
      assert.equal(error, 'VC-ENDPOINT');
      await agent.must('del-interface', name);
    });

  for (const [index, { what, each }] of FLOODS.entries())
    it(`${HARMS.length + TRAPS.length + index + 1}. keeps no other guest waiting with ${what}`, async () => {
      const paths = JSON.stringify([join(at.ports, 'fe'), join(at.ports, 'be')]);
      const script = FLOOD.replace('PATHS', paths).replace('EACH', each);
      const who = ['--reuid', `${MEMBER}`, '--regid', `${MEMBER}`, '--groups', `${GROUP}`];
      const attacker = peers.start('setpriv', [...who, process.execPath, '-e', script], { cwd: '/' });
      await attacker.waitFor(/begun/);
      for (let i = 0; i < 3; i++) assert.equal(await neighbour.reconnect(), offered);
      assert.equal((await at.agent.show('vhu0')).state, 'negotiated');
      await attacker.kill();
    });

  it('has changed nothing: files of root, its sockets, the guest, the agent after a restart', async () => {
    const { agent, victim } = at;
    assert.equal(lstatSync(join(victim, 'secret')).gid, 0);
    assert.equal(existsSync(join(victim, 's')), false);
    assert.equal(reached, 0);
    assert.equal((await agent.show('vhu0')).state, 'negotiated');
    await agent.must(
      'add-interface',
      'bad',
      '--no-wait',
      '--backend',
      `listen:${agent.api}`,
      '--frontend',
      'listen:/tmp/x',
    );
    await agent.stop();
    await agent.start();
    assert.match(await agent.must('show-interface', 'bad'), /VC-ENDPOINT/);
  });
});
