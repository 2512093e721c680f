import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Peers } from '../peers/process.ts';
import { matchesGolden } from './golden.ts';
import { type CliOutcome, cli } from './run-cli.ts';

/** What dpdk-testpmd 22.11 answers. */
const TESTPMD = '{"virtio_features":"0xd7c66e7cb","protocol_features":"0x10cbf","limits":{"queue_pairs":128}}';

/** Commands that start the agent's binary, with a stand-in for it. */
describe('probe and mock-backend', () => {
  const peers = new Peers();
  let folder = '';
  beforeEach(() => {
    folder = peers.folder();
  });
  afterEach(() => peers.end());

  /** A stand-in that notes its arguments and does what the shell script says. */
  const agent = (script: string): Record<string, string> => {
    const file = join(folder, 'agent');
    writeFileSync(file, `#!/bin/sh\necho "$*" > ${folder}/args\n${script}\n`);
    chmodSync(file, 0o755);
    return { VHOST_COMPAT_AGENT: file };
  };
  const args = (): string => readFileSync(join(folder, 'args'), 'utf8').trim();
  const probe = (script: string, ...more: string[]): Promise<CliOutcome> =>
    cli(['probe', 'connect:/run/x', ...more], { env: agent(script) });

  it('prints the mask first, then every bit, limits, and whether a guest there can migrate', async () => {
    const { exit, stdout, stderr } = await probe(`echo '${TESTPMD}'`);
    assert.deepEqual({ exit, stderr }, { exit: 0, stderr: '' });
    assert.equal(args(), 'probe connect:/run/x --json');
    const [first = ''] = stdout.split('\n');
    assert.match(first, /0xd3866e7cb \+ control LOG_ALL, PROTOCOL_FEATURES/);
    assert.match(stdout, /^ {2}35 +VIRTIO_F_IN_ORDER/m);
    assert.match(stdout, /^protocol features \(0x10cbf\):$/m);
    assert.match(stdout, /^queue_pairs: 128$/m);
    assert.match(stdout, /^migratable: yes$/m);
    assert.match(stdout, /^usable versions: .*upstream\.dpdk-vhost\./m);
  });

  for (const format of ['json', 'csv']) {
    it(`prints ${format} for programs`, async () => {
      const { stdout } = await probe(`echo '${TESTPMD}'`, '-f', format);
      // the shipped tables grow with each release; the rest is a promise
      matchesGolden(`probe.${format}`, stdout.replace(/"usable_versions": \[[^\]]*\]/, '"usable_versions": []'));
    });
  }

  it('says why a guest cannot migrate', async () => {
    const { stdout } = await probe(`echo '{"virtio_features":"0x140000000","protocol_features":"0x1","limits":{}}'`);
    assert.match(stdout, /^migratable: no \(.*VHOST_F_LOG_ALL.*; .*LOG_SHMFD.*\)$/m);
  });

  it('passes --timeout on', async () => {
    await probe(`echo '${TESTPMD}'`, '--timeout', '2.5');
    assert.equal(args(), 'probe connect:/run/x --timeout 2.5 --json');
  });

  const failures: { title: string; script: string; exit: number; want: RegExp }[] = [
    {
      title: 'what the agent reports, with its code and exit status',
      script: `echo noise >&2; echo '{"code":"VC-ENDPOINT","message":"Cannot connect: ENOENT"}' >&2; exit 4`,
      exit: 4,
      want: /^vhost-compat: Cannot connect: ENOENT \[VC-ENDPOINT\]\nremedy: /,
    },
    { title: 'a crash', script: 'echo boom >&2; exit 139', exit: 1, want: /status 139: boom \[VC-INTERNAL\]/ },
    { title: 'an answer that is none', script: 'echo "{}"', exit: 1, want: /saw "\{\}\\n"; wanted JSON with/ },
    { title: 'silence', script: 'exit 0', exit: 1, want: /Cannot read the agent's answer/ },
  ];
  for (const { title, script, exit, want } of failures) {
    it(`tells ${title}`, async () => {
      const outcome = await probe(script);
      assert.deepEqual([outcome.exit, outcome.stdout], [exit, '']);
      assert.match(outcome.stderr, want);
    });
  }

  it('ends the agent it started when the time is over, exit 4', async () => {
    const { exit, stderr } = await probe(`echo $$ > ${folder}/pid; exec sleep 60`, '-t', '0.2');
    assert.equal(exit, 4);
    assert.match(stderr, /\[VC-TIMEOUT\]/);
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });

  it('names the setting when there is no such binary', async () => {
    for (const file of ['/nonexistent/vhost-compatd', '/nonexistent/main.js']) {
      const { exit, stderr } = await cli(['probe', 'connect:/run/x'], { env: { VHOST_COMPAT_AGENT: file } });
      assert.equal(exit, 2);
      assert.match(stderr, /nonexistent.*\[VC-CONFIG\]/);
    }
  });

  it('mock-backend passes on what the agent says, and ends it when asked to end', async () => {
    let end: ((signal: string) => void) | undefined;
    const interrupted = new Promise<string>((resolve) => {
      end = resolve;
    });
    const env = agent(`echo $$ > ${folder}/pid; echo ready; exec sleep 60`);
    const outcome = await cli(['mock-backend', 'listen:/tmp/x', '--like', 'ovs-2.13'], {
      env,
      interrupted,
      onStdout: () => end?.('SIGTERM'),
    });
    assert.deepEqual(outcome, { exit: 0, stdout: 'ready\n', stderr: '' });
    assert.equal(args(), 'mock-backend listen:/tmp/x --like ovs-2.13');
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });

  it('mock-backend has the exit status of an agent that ends by itself', async () => {
    const { exit } = await cli(['mock-backend', 'listen:/tmp/x', '--like', 'ovs-2.13'], { env: agent('exit 4') });
    assert.equal(exit, 4);
  });
});
