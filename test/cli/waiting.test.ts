import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { DATABASE } from '../../rpc/state/schema-file.ts';
import { State } from '../../rpc/state/state.ts';
import { Peers } from '../peers/process.ts';
import { served } from './embedded.ts';
import { NEW_HOST } from './fixtures.ts';
import { type CliOutcome, cli } from './run-cli.ts';

describe('waiting for the agent', () => {
  const peers = new Peers();
  let state: State;
  /** Between the command and the database: ends all connections at once, as a server does that goes away. */
  let cut: () => void;
  let between = '';
  beforeEach(async () => {
    const database = await served(peers, NEW_HOST);
    state = await State.connect(database);
    const socket = join(peers.folder(), 'between.sock');
    const ends = new Set<Socket>();
    const server = createServer((near) => {
      const far = connect(database.slice('unix:'.length));
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        ends.add(one);
        one.on('error', () => {}).on('close', () => other.destroy());
        one.pipe(other);
      }
    }).listen(socket);
    between = `unix:${socket}`;
    cut = () => {
      for (const end of ends) end.destroy();
      ends.clear();
    };
    peers.defer(() => {
      state.close();
      cut();
      server.close();
    });
  });
  afterEach(() => peers.end());

  /** Runs until the command says that it waits, which only somebody at a terminal is told, and then does `meanwhile`. */
  async function waits(argv: readonly string[], meanwhile: () => unknown): Promise<CliOutcome> {
    let tell: () => void = () => {};
    const waiting = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const onStderr = (all: string) => all.includes('waiting for') && tell();
    const outcome = cli(['--db', between, ...argv], { terminal: true, onStderr });
    await Promise.race([waiting, outcome]);
    await meanwhile();
    return outcome;
  }

  for (const argv of [
    ['pin', 'vhu0', 'site.base'],
    ['baseline', 'host:newhost', '--define', '--name', 'site.hall2'],
  ]) {
    it(`of ${argv[0]} ends with 4 when the database goes away, and says what is done already`, async () => {
      const { exit, stderr } = await waits(argv, () => cut());
      assert.equal(exit, 4);
      assert.match(stderr, /Cannot see the change applied on host id-new: Connection to .* ended/);
      assert.match(stderr, /; the change is in the database \[VC-DB-CONNECT\]/);
    });
  }

  it('goes on with --retry when the database comes back', async () => {
    const { exit, stderr } = await waits(['pin', 'vhu0', 'site.base', '--retry'], async () => {
      cut();
      await state.until(() => state.interface('vhu0').version === 'site.base');
      const row = { cur_cfg: state.host().nextCfg };
      await state.client.transact(DATABASE, [{ op: 'update', table: 'Host', where: [], row }]);
    });
    assert.equal(exit, 0, stderr);
    assert.equal(state.interface('vhu0').version, 'site.base');
  });
});
