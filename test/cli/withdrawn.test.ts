import assert from 'node:assert/strict';
import type { Entry } from '../../compat-tables/entries/entry.ts';
import { Peers } from '../peers/process.ts';
import { described, served } from './embedded.ts';
import { ENTRIES, type HostFixture, NEW_HOST } from './fixtures.ts';
import { cli } from './run-cli.ts';

const WITHDRAWN = { since: '2026-03-01', why: 'guests lose packets', use: 'site.mq' };
const entries: readonly Entry[] = ENTRIES.map((one, index) => (index === 0 ? { ...one, withdrawn: WITHDRAWN } : one));
const TOLD =
  'site.packed is withdrawn since 2026-03-01: guests lose packets; use site.mq instead [VC-VERSION-WITHDRAWN]';
const { defaultVersion: _, ...UNNAMED } = NEW_HOST;
const HOST: HostFixture = { ...UNNAMED, entries };

describe('a withdrawn version on the command line', () => {
  const peers = new Peers();
  let db: string[] = [];
  let document = '';
  before(async () => {
    db = ['--db', await served(peers, HOST)];
    document = await described(peers, HOST);
  });
  after(() => peers.end());
  const run = async (...argv: string[]) => await cli([...argv, ...db]);

  it('is told by list-versions, and stays usable', async () => {
    const { stdout, stderr, exit: code } = await run('list-versions');
    assert.deepEqual([code, stderr.includes(TOLD), stdout.includes('site.packed')], [0, true, true]);
    const json = JSON.parse((await run('list-versions', '--format', 'json')).stdout) as {
      versions: { version: string; usable: boolean; withdrawn?: object }[];
    };
    const [packed, mq] = json.versions;
    assert.deepEqual([packed?.withdrawn, packed?.usable, mq && 'withdrawn' in mq], [WITHDRAWN, true, false]);
  });

  it('is told by show-version', async () => {
    const { stdout } = await run('show-version', 'site.packed');
    assert.match(stdout, /^withdrawn: +since 2026-03-01: guests lose packets \[VC-VERSION-WITHDRAWN\]$/m);
    assert.match(stdout, /^use instead: +site\.mq$/m);
    assert.doesNotMatch((await run('show-version', 'site.mq')).stdout, /withdrawn|instead/);
  });

  it('is no default by itself', async () => {
    const { stdout } = await run('default-version', '--format', 'json');
    assert.equal((JSON.parse(stdout) as { effective: string }).effective, 'site.mq');
  });

  it('is left out of selections, with the reason', async () => {
    assert.equal((await cli(['select', document])).stdout, 'site.mq\n');
    const { stdout } = await cli(['select', document, '--explain']);
    assert.match(stdout, /site\.packed +withdrawn/);
    assert.match(
      stdout,
      /it is withdrawn since 2026-03-01: guests lose packets; use site\.mq instead \[VC-VERSION-WITHDRAWN\]/,
    );
    assert.match((await cli(['matrix', document])).stdout, /site\.packed +withdrawn/);
  });

  it('may be pinned and made the default, with a warning, and show tells who has it', async () => {
    const [name = ''] = Object.keys(HOST.interfaces ?? {});
    const pinned = await run('pin', name, 'site.packed', '--no-wait');
    assert.deepEqual([pinned.exit, pinned.stderr.includes(TOLD)], [0, true], pinned.stderr);
    const made = await run('default-version', 'site.packed', '--no-wait', '--force');
    assert.deepEqual([made.exit, made.stderr.includes(TOLD)], [0, true], made.stderr);
    const { stdout } = await run('show');
    assert.match(
      stdout,
      /site\.packed, which the default, .* have, is withdrawn since 2026-03-01: .*\[VC-VERSION-WITHDRAWN\]/s,
    );
  });
});
