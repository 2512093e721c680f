import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArguments } from '../../../agent/settings/arguments.ts';
import {
  checkSettings,
  readConfig,
  readConfigFile,
  resolveConfig,
  type WrittenSettings,
} from '../../../agent/settings/config.ts';
import { configProperty, flagOf, ROWS, type Setting, variableOf } from '../../../agent/settings/settings.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';

function refusal(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    assert.ok(error instanceof CompatError, String(error));
    assert.equal(error.code, 'VC-CONFIG');
    return error.message;
  }
  assert.fail('nothing was refused');
}

/** Values of each kind of setting, as texts; a setting is tried with the first three that it takes. */
const EXAMPLES = [
  ...['1', '2', '3', 'debug', 'warn', 'error', 'unix:/a', 'unix:/b', 'tcp:c:1'],
  ...['punix:/a', 'punix:/b ptcp:1', 'punix:/c', '0600', '0660', '666'],
  ...[
    '{"depth": 9}',
    '{"depth": 8}',
    '{"depth": 7}',
    '{"like": "ovs-3.1"}',
    '{"like": "ovs-3.2"}',
    '{"like": "ovs-3.3"}',
  ],
];
function takes(key: string, { kind }: Setting, example: string): boolean {
  try {
    resolveConfig({ [key]: kind.fromText(example) });
    return true;
  } catch {
    return false;
  }
}

/** Files of TLS are given together. */
const NOT_ALONE = ['private_key', 'certificate', 'ca_cert'];

describe('configuration of the agent', () => {
  let dir = '';
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'vc-config-'));
  });
  after(() => rmSync(dir, { recursive: true }));

  it('has defaults for everything', () => {
    const config = resolveConfig({});
    assert.equal(config.database, '/var/lib/vhost-compat/conf.db');
    assert.deepEqual(config.dbRemotes, ['punix:/run/vhost-compat/db.sock']);
    assert.equal(config.api, '/run/vhost-compat/api.sock');
    assert.equal(config.backend, undefined);
    assert.deepEqual(config.dbRemotesRo, []);
    assert.equal(config.dbSocketMode, 0o660);
    assert.equal(config.dbInactivityProbe, 5000);
    assert.equal(config.tls, undefined);
  });

  it('lets a flag win over the file', () => {
    assert.equal(resolveConfig({ hostname: 'file' }, { hostname: 'flag' }).hostname, 'flag');
  });

  it('reads each setting from the file, the environment and its flag, the later ones first', () => {
    const file = join(dir, 'each.json');
    for (const [key, row] of ROWS.filter(([one]) => !NOT_ALONE.includes(one))) {
      const [inFile = '', inEnvironment = '', onCommandLine = ''] = EXAMPLES.filter((text) => takes(key, row, text));
      assert.notEqual(onCommandLine, '', `three examples that ${key} takes`);
      writeFileSync(file, JSON.stringify({ [key]: row.kind.fromText(inFile) }));
      const read = (args: string[], env: Record<string, string>) => {
        const config: Readonly<Record<string, unknown>> = { ...readConfig(parseArguments(args), env) };
        return config[configProperty(key)];
      };
      const want = (text: string) => row.kind.read(row.kind.fromText(text));
      assert.deepEqual(read(['--config', file], {}), want(inFile), key);
      const env = { [variableOf(key)]: inEnvironment, VHOST_COMPATD_CONFIG: file };
      assert.deepEqual(read([], env), want(inEnvironment), key);
      const flag = flagOf(key, row);
      if (flag !== undefined) assert.deepEqual(read([flag, onCommandLine], env), want(onCommandLine), key);
    }
  });

  it('names the flag or the variable that it cannot use', () => {
    const read = (args: string[], env: Record<string, string>) => refusal(() => readConfig(parseArguments(args), env));
    assert.match(read(['--event-limit', 'x'], {}), /^Cannot use the command line: --event-limit: saw "x"; wanted a/);
    const env = { VHOST_COMPATD_BACKEND: '{"like": 5}' };
    assert.match(read([], env), /^Cannot use the environment: VHOST_COMPATD_BACKEND\.like: saw 5; wanted a/);
  });

  it('takes the lists of the environment apart at blanks, and an empty variable for none', () => {
    const env = { VHOST_COMPATD_TABLES: '/a  /b', VHOST_COMPATD_HOSTNAME: '' };
    const config = readConfig(parseArguments([]), env);
    assert.deepEqual(config.tables, ['/a', '/b']);
    assert.equal(config.hostname, hostname());
  });

  it('takes a declared back-end by release or by mask', () => {
    assert.equal(resolveConfig({ backend: { like: 'ovs-3.1' } }).backend?.abilities.virtioFeatures, 0xd7c66a7can);
    assert.equal(resolveConfig({ backend: { virtio_features: '0x5' } }).backend?.abilities.virtioFeatures, 5n);
  });

  const wrong: { title: string; value: unknown; want: RegExp }[] = [
    { title: 'not an object', value: [], want: /saw a list; wanted an object/ },
    {
      title: 'an unknown key',
      value: { hostnam: 'a' },
      want: /key "hostnam" is not known; known are system_id, hostname/,
    },
    { title: 'a key of every object', value: { constructor: 'a' }, want: /key "constructor" is not known/ },
    { title: 'a wrong type', value: { hostname: 5 }, want: /key "hostname": saw 5; wanted a non-empty string/ },
    { title: 'an empty list', value: { tables: [] }, want: /key "tables": saw \[\]; wanted a list/ },
    {
      title: 'a negative group',
      value: { socket_group: -1 },
      want: /key "socket_group": saw -1; wanted a whole number/,
    },
    {
      title: 'an unknown level',
      value: { log_level: 'loud' },
      want: /key "log_level": saw "loud"; wanted debug, info/,
    },
    {
      title: 'a mode that is none',
      value: { db_socket_mode: '0999' },
      want: /"db_socket_mode": saw "0999"; wanted an octal/,
    },
    {
      title: 'an unknown limit',
      value: { db_limits: { clients: 1 } },
      want: /"db_limits": saw the limit "clients"; wanted/,
    },
    {
      title: 'a limit that is no number',
      value: { db_limits: { depth: 'x' } },
      want: /"db_limits": saw "x" for the limit depth/,
    },
    {
      title: 'an unknown key of the back-end',
      value: { backend: { lik: 'x' } },
      want: /key "backend.lik" is not known/,
    },
    {
      title: 'a group that no system has',
      value: { socket_group: 9_999_999_999 },
      want: /key "socket_group": saw 9999999999; wanted a whole number from 0 to 4294967294$/,
    },
    {
      title: 'a time that no timer counts',
      value: { db_inactivity_probe: 3_000_000_000 },
      want: /key "db_inactivity_probe": saw 3000000000; wanted a whole number from 0 to 2147483647$/,
    },
    {
      title: 'a mask of the back-end that is none',
      value: { backend: { virtio_features: '0xzz' } },
      want: /Cannot use a\.json: key "backend\.virtio_features": .*"0xzz"/,
    },
    {
      title: 'protocol features of the back-end that are none',
      value: { backend: { virtio_features: '0x1', protocol_features: 'VIRTIO_NET_F_MTU' } },
      want: /Cannot use a\.json: key "backend\.protocol_features": .*VIRTIO_NET_F_MTU/,
    },
    {
      title: 'a release that nobody knows',
      value: { backend: { like: 'ovs-9.9' } },
      want: /Cannot use a\.json: key "backend\.like": .*ovs-9\.9/,
    },
    {
      title: 'a back-end of another device type',
      value: { backend: { like: 'virtiofsd-1.13.2' } },
      want: /Cannot use a\.json: key "backend\.like" is a back-end of vhost-user-fs; wanted one of vhost-user-net/,
    },
    {
      title: 'protocol features beside a release, which has its own',
      value: { backend: { like: 'ovs-3.1', protocol_features: '0x0' } },
      want: /Cannot use a\.json: key "backend" has both "like" and "protocol_features"; wanted one of them/,
    },
    {
      title: 'limits that are no numbers',
      value: { backend: { limits: { queue_pairs: 'x' } } },
      want: /backend.limits/,
    },
  ];
  for (const { title, value, want } of wrong) {
    it(`refuses ${title}`, () =>
      assert.match(
        refusal(() => checkSettings(value, 'a.json')),
        want,
      ));
  }

  const excluded: { title: string; settings: WrittenSettings; want: RegExp }[] = [
    { title: 'two databases', settings: { db: 'unix:/x', database: '/y' }, want: /"db".*excludes "database"/ },
    { title: 'no unix remote', settings: { db_remotes: ['ptcp:6650'] }, want: /wanted at least one punix: remote/ },
    {
      title: 'a back-end said twice',
      settings: { backend: { like: 'ovs-3.1', virtio_features: '0x1' } },
      want: /both "like" and "virtio_features"/,
    },
    {
      title: 'a database elsewhere and a read-only remote here',
      settings: { db: 'unix:/x', db_remotes_ro: ['ptcp:6650'] },
      want: /"db".*excludes "database"/,
    },
    {
      title: 'a TLS remote without files',
      settings: { db_remotes_ro: ['pssl:6650'] },
      want: /an ssl: or pssl: remote needs "private_key", "certificate" and "ca_cert"/,
    },
    {
      title: 'a database over TLS without files',
      settings: { db: 'ssl:fleet:6640' },
      want: /an ssl: or pssl: remote needs/,
    },
    {
      title: 'one file of TLS of three',
      settings: { certificate: '/x' },
      want: /saw no "private_key" and no "ca_cert"; wanted .* together$/,
    },
    {
      title: 'a key that cannot be read',
      settings: { db: 'ssl:h', private_key: '/nonexistent', certificate: '/x', ca_cert: '/y' },
      want: /Cannot read private key \/nonexistent: ENOENT/,
    },
    {
      title: 'a remote that cannot be read',
      settings: { db_remotes: ['punix:/x', 'pudp:5'] },
      want: /Cannot read remote "pudp:5": wanted/,
    },
    { title: 'a back-end of nothing', settings: { backend: {} }, want: /neither "like" nor "virtio_features"/ },
  ];
  for (const { title, settings, want } of excluded) {
    it(`refuses ${title}`, () =>
      assert.match(
        refusal(() => resolveConfig(settings)),
        want,
      ));
  }

  it('takes the highest group and the longest time that there are', () => {
    const settings = { socket_group: 4_294_967_294, db_inactivity_probe: 2_147_483_647 };
    assert.deepEqual(checkSettings(settings, 'a.json'), settings);
  });

  it('names the file that is not JSON, and the one that is not there', () => {
    const path = join(dir, 'agent.json');
    writeFileSync(path, '{"hostname": }');
    assert.match(
      refusal(() => readConfigFile(path)),
      /agent\.json: not JSON/,
    );
    assert.match(
      refusal(() => readConfigFile(join(dir, 'none.json'))),
      /none\.json: ENOENT/,
    );
  });
});
