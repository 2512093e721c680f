import assert from 'node:assert/strict';
import { allCommands } from '../../cli/commands.ts';
import { usageOf } from '../../cli/shared/command.ts';
import { cli } from './run-cli.ts';

const COMMANDS = await allCommands();

/** Nothing listens there: a command that gets as far as connecting ends with 4, not 2. */
const NOWHERE = 'unix:/nonexistent/db.sock';
const SIDES = ['--frontend', 'listen:/tmp/f', '--backend', 'connect:/tmp/b'];

const mistakes: { title: string; argv: string[]; code?: string; want: RegExp }[] = [
  { title: 'no command', argv: [], want: /saw no known command; wanted one/ },
  { title: 'only options', argv: ['--no-headings', '-v'], want: /saw no known command/ },
  {
    title: 'an unknown command, with the one that was meant',
    argv: ['slect'],
    want: /unknown command 'slect' \(Did you mean select\?\)/,
  },
  { title: 'help for an unknown command', argv: ['help', 'nope'], want: /saw no known command; wanted one/ },
  {
    title: 'an unknown option',
    argv: ['decode', '--protocl', '1'],
    want: /unknown option '--protocl' \(Did you mean --protocol\?\)/,
  },
  {
    title: 'a global option that does not exist',
    argv: ['--frmat', 'csv', 'decode', '1'],
    want: /unknown option '--frmat'/,
  },
  {
    title: 'a missing argument',
    argv: ['pin', 'vhu0'],
    want: /missing required argument 'VERSION'[\s\S]*usage: vhost-compat pin NAME VERSION/,
  },
  {
    title: 'no target',
    argv: ['select'],
    want: /missing required argument 'TARGET'[\s\S]*usage: vhost-compat select TARGET\.\.\./,
  },
  { title: 'too many arguments', argv: ['unpin', 'a', 'b'], want: /too many arguments/ },
  {
    title: 'a missing required option',
    argv: ['add-interface', 'vhu0', '--frontend', 'listen:/tmp/f'],
    want: /required option '--backend <ROLE:PATH>' not specified/,
  },
  {
    title: 'an option without its value',
    argv: ['decode', '1', '--format'],
    want: /'-f, --format <FORMAT>' argument missing/,
  },
  {
    title: 'an option twice',
    argv: ['add-interface', 'v', ...SIDES, '--backend', 'connect:/tmp/c'],
    want: /--backend: saw it 2 times; wanted it once/,
  },
  {
    title: 'an unknown format',
    argv: ['decode', '1', '-f', 'xml'],
    want: /--format: saw "xml"; wanted table, list, html, csv or json/,
  },
  {
    title: 'a timeout that is no number',
    argv: ['decode', '1', '-t', 'soon'],
    want: /--timeout: saw "soon"; wanted a number of seconds/,
  },
  { title: 'a negative timeout', argv: ['decode', '1', '--timeout=-1'], want: /--timeout: saw "-1"/ },
  { title: 'a timeout that setTimeout cannot count', argv: ['decode', '1', '-t', '2147484'], want: /at most 2147483/ },
  {
    title: 'an unknown column',
    argv: ['decode', '1', '--columns', 'name,nme'],
    want: /column "nme": saw no such column; wanted bit, name, meaning/,
  },
  ...[
    ['pin', 'vhu0', 'site.base'],
    ['unpin', 'vhu0'],
    ['default-version', 'newest'],
    ['undefine-version', 'site.base'],
    ['del-interface', 'vhu0'],
    ['add-interface', 'vhu0', ...SIDES],
    ['baseline', NOWHERE, '--define'],
    ['capture', 'site.base', 'connect:/nonexistent/be', '--define'],
    ['probe', 'connect:/nonexistent/be'],
  ].map((argv) => ({
    title: `an unknown column of ${argv[0]}, before anything is done`,
    argv: [...argv, '--db', NOWHERE, '--columns', 'nme'],
    want: /column "nme": saw no such column; wanted /,
  })),
  { title: 'an empty column', argv: ['decode', '1', '--columns', 'name,'], want: /--columns: saw "name,"/ },
  { title: 'a mask that is no mask', argv: ['decode', '0xzz'], code: 'VC-MASK', want: /"0xzz"/ },
  {
    title: 'a feature name with a slip',
    argv: ['decode', 'VIRTIO_NET_F_MTV'],
    code: 'VC-MASK',
    want: /VIRTIO_NET_F_MTU/,
  },
  {
    title: 'a virtio name among protocol features',
    argv: ['decode', '--protocol', 'VIRTIO_NET_F_MTU'],
    code: 'VC-MASK',
    want: /VIRTIO_NET_F_MTU/,
  },
  {
    title: 'a device type that cannot be one',
    argv: ['decode', '1', '--device-type', 'Vhost Net'],
    want: /--device-type: saw "Vhost Net"/,
  },
  {
    title: 'an unknown policy',
    argv: ['select', '--policy', 'best', 'a.json'],
    want: /--policy: saw "best"; wanted source or consensus/,
  },
  { title: 'a target that is no remote', argv: ['select', 'unix:'], want: /"unix:": the path is empty/ },
  { title: 'a target with a wrong port', argv: ['matrix', 'tcp:h:99999'], want: /port 99999/ },
  { title: 'a passive target', argv: ['matrix', 'punix:/tmp/x'], want: /one listens there; wanted unix:PATH/ },
  {
    title: 'a database that is no remote',
    argv: ['-d', '/run/db.sock', 'list-versions'],
    want: /"\/run\/db\.sock": wanted unix:PATH/,
  },
  {
    title: 'an endpoint without a role',
    argv: ['probe', '/tmp/x'],
    code: 'VC-ENDPOINT',
    want: /wanted listen:PATH or connect:PATH/,
  },
  {
    title: 'an endpoint with a relative path',
    argv: ['mock-backend', 'listen:x', '--like', 'ovs-3.2'],
    code: 'VC-ENDPOINT',
    want: /not absolute/,
  },
  {
    title: 'an endpoint that is too long',
    argv: ['probe', `connect:/${'x'.repeat(200)}`],
    code: 'VC-ENDPOINT',
    want: /201 bytes long/,
  },
  {
    title: 'an endpoint of an interface',
    argv: ['add-interface', 'v', '--frontend', 'serve:/x', '--backend', 'connect:/y'],
    code: 'VC-ENDPOINT',
    want: /"serve:\/x"/,
  },
  {
    title: 'one path on both sides',
    argv: ['add-interface', 'v', '--frontend', 'listen:/x', '--backend', 'connect:/x'],
    code: 'VC-ENDPOINT',
    want: /one path on both sides; wanted two/,
  },
  {
    title: 'an unknown release',
    argv: ['mock-backend', 'listen:/tmp/x', '--like', 'ovs-9.9'],
    code: 'VC-RELEASE-UNKNOWN',
    want: /ovs-3\.2/,
  },
  {
    title: 'a schema that is not there',
    argv: ['serve-db', 'x.db', '--schema', '/nonexistent', '--remote', 'punix:/tmp/x'],
    want: /--schema: ENOENT/,
  },
  {
    title: 'an active remote to serve on',
    argv: ['serve-db', 'x.db', '--schema', '/nonexistent', '--remote', 'unix:/tmp/x'],
    want: /wanted punix:PATH/,
  },
];

describe('usage errors', () => {
  for (const { title, argv, code = 'VC-USAGE', want } of mistakes) {
    it(`exit 2 for ${title}`, async () => {
      const { exit, stdout, stderr } = await cli(['--db', NOWHERE, ...argv].slice(argv.length === 0 ? 2 : 0));
      assert.equal(exit, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, want);
      assert.match(stderr, new RegExp(`^vhost-compat: .*\\[${code}\\]$`, 'm'));
    });
  }

  for (const form of [['-f', 'json'], ['-fjson'], ['--format=json'], ['--format', 'json']]) {
    it(`tells a mistake as one line of JSON with ${form.join(' ')}`, async () => {
      for (const argv of [
        [...form, 'pin'],
        ['decode', '0xzz', ...form],
      ]) {
        const { exit, stderr } = await cli(argv);
        assert.equal(exit, 2);
        assert.equal(stderr.indexOf('\n'), stderr.length - 1);
        const { error } = JSON.parse(stderr) as { error: { code: string; message: string } };
        assert.match(error.code, /^VC-(USAGE|MASK)$/);
        assert.match(error.message, /VERSION|NAME|0xzz/);
      }
    });
  }
});

describe('help and version', () => {
  it('lists every command and the exit status', async () => {
    const { exit, stdout, stderr } = await cli(['--help']);
    assert.deepEqual({ exit, stderr }, { exit: 0, stderr: '' });
    for (const { name } of COMMANDS) assert.match(stdout, new RegExp(`^  ${name}\\b`, 'm'));
    assert.match(stdout, /3 {2}the answer is no/);
  });

  for (const command of COMMANDS) {
    it(`${command.name} has help with its arguments, options and an example`, async () => {
      const before = await cli(['help', command.name]);
      const after = await cli([command.name, '--help']);
      assert.equal(before.exit, 0);
      assert.equal(before.stdout, after.stdout);
      assert.ok(after.stdout.startsWith(`Usage: ${usageOf(command)}`.slice(0, 60)));
      for (const { name } of command.options) assert.ok(after.stdout.includes(`--${name}`));
      assert.ok(after.stdout.includes(`Example:\n  vhost-compat ${command.name}`));
    });
  }

  for (const argv of [['-V'], ['--version'], ['decode', '--version'], ['list-versions', '-V']]) {
    it(`prints the version for ${argv.join(' ')}`, async () => {
      const { exit, stdout } = await cli(argv);
      assert.equal(exit, 0);
      assert.match(stdout, /^vhost-compat \d+\.\d+\.\d+\n$/);
    });
  }

  it('leaves --version of add-interface to add-interface', async () => {
    const { exit, stderr } = await cli(['--db', NOWHERE, 'add-interface', 'v', ...SIDES, '--version', 'site.v1']);
    assert.equal(exit, 4, stderr);
  });
});

describe('global options', () => {
  it('may stand before or after the command; the one after wins', async () => {
    const want = 'VIRTIO_NET_F_CSUM\n';
    const bare = ['--no-headings', '--columns', 'name'];
    assert.equal((await cli([...bare, 'decode', '1'])).stdout, want);
    assert.equal((await cli(['decode', '1', ...bare])).stdout, want);
    assert.equal((await cli(['--columns', 'name', 'decode', '1', '--no-headings'])).stdout, want);
    assert.equal((await cli(['-f', 'json', 'decode', '1', '-f', 'csv', ...bare])).stdout, want);
  });

  it('take the database from the environment unless --db names one', async () => {
    const env = { VHOST_COMPAT_DB: 'unix:/nonexistent/from-environment' };
    assert.match((await cli(['list-versions'], { env })).stderr, /from-environment/);
    assert.match((await cli(['list-versions', '-d', NOWHERE], { env })).stderr, /nonexistent\/db\.sock/);
    assert.match(
      (await cli(['list-versions'], { env: { VHOST_COMPAT_DB: '' } })).stderr,
      /\/run\/vhost-compat\/db\.sock/,
    );
  });
});
