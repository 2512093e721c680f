// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the variables of documents
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostDocument } from '../../rpc/fleet/host-document.ts';
import { parseDocument, parseDocuments } from '../../rpc/fleet/read-documents.ts';
import { checkDocuments, selectVersion, versionMatrix } from '../../rpc/fleet/selection.ts';
import { ROOT } from '../root.ts';
import { violations } from './json-schema.ts';

const FOLDER = join(ROOT, 'docs/examples');
const SCHEMA = JSON.parse(readFileSync(join(ROOT, 'docs/describe.schema.json'), 'utf8')) as Record<string, unknown>;
const NAMES = readdirSync(FOLDER).sort();

function example(name: string): HostDocument {
  return parseDocument(readFileSync(join(FOLDER, `${name}.json`), 'utf8'), name);
}

describe('docs/examples', () => {
  for (const name of NAMES) {
    it(`${name} is what the schema says`, () => {
      assert.deepEqual(violations(SCHEMA, JSON.parse(readFileSync(join(FOLDER, name), 'utf8'))), []);
    });
  }

  it('all stand in docs/documents.md', () => {
    const text = readFileSync(join(ROOT, 'docs/documents.md'), 'utf8');
    assert.deepEqual(
      NAMES.filter((name) => !text.includes(name)),
      [],
    );
  });

  const device = JSON.parse(readFileSync(join(FOLDER, 'vgpu-gpu1.json'), 'utf8')) as Record<string, unknown>;
  const [entry] = device['compatible'] as Record<string, unknown>[];
  const withVariable = (aggr: unknown) => ({ ...device, compatible: [{ ...entry, variables: { aggr } }] });
  const broken: { title: string; document: unknown }[] = [
    { title: 'without self', document: { ...device, self: undefined } },
    { title: 'without a device type', document: { ...device, self: { version: 'x' } } },
    { title: 'of a later format', document: { ...device, format: 2 } },
    { title: 'without a host', document: { ...device, host: '' } },
    { title: 'with an unknown scheme', document: { ...device, version_scheme: 'semver' } },
    { title: 'with compatible that is no array', document: { ...device, compatible: {} } },
    { title: 'with an unknown tier', document: { ...device, compatible: [{ version: 'x', tier: 'gold' }] } },
    { title: 'with a field that is an object', document: { ...device, self: { device_type: 'x', fields: { a: {} } } } },
    {
      title: 'with a field that is a fraction',
      document: { ...device, self: { device_type: 'x', fields: { a: 1.5 } } },
    },
    { title: 'with a variable of an unknown type', document: withVariable({ type: 'float', values: [1] }) },
    { title: 'with values and a range', document: withVariable({ type: 'integer', values: [1], range: [1, 2] }) },
    { title: 'with a range of three', document: withVariable({ type: 'integer', range: [1, 2, 3] }) },
    { title: 'with integers as texts', document: withVariable({ type: 'integer', values: ['1'] }) },
    { title: 'with a set of nothing known', document: withVariable({ type: 'set' }) },
  ];
  for (const { title, document } of broken) {
    it(`${title} would be refused, by the schema and by us`, () => {
      const text = JSON.stringify(document);
      assert.notDeepEqual(violations(SCHEMA, JSON.parse(text)), []);
      assert.throws(() => parseDocument(text, 'x.json'), { code: 'VC-DOCUMENT' });
    });
  }

  const selections: { hosts: readonly string[]; want: string | undefined; policy?: 'consensus' }[] = [
    { hosts: ['thread-2018-new', 'thread-2018-old'], want: '5.3' },
    { hosts: ['thread-2018-old', 'thread-2018-new'], want: '5.3' },
    { hosts: ['thread-2018-new-without-5.3', 'thread-2018-old'], want: '5.2' },
    { hosts: ['thread-2018-new-only-6', 'thread-2018-old'], want: undefined },
    { hosts: ['thread-2018-new', 'thread-2018-old-with-6.1'], want: '6.1' },
    { hosts: ['forward-only-old', 'forward-only-new'], want: '5.3' },
    { hosts: ['forward-only-new', 'forward-only-old'], want: undefined },
    { hosts: ['vgpu-gpu1', 'vgpu-gpu2'], want: 'i915-GVTg_V5_8_x2' },
    { hosts: ['vgpu-gpu1', 'vgpu-gpu2', 'vgpu-gpu3'], want: 'i915-GVTg_V5_8_x1' },
    { hosts: ['vgpu-driver-1.4', 'vgpu-driver-1.2'], want: '1.2' },
    { hosts: ['vgpu-driver-1.2', 'vgpu-driver-1.4'], want: '1.2' },
    { hosts: ['blk-store1', 'blk-store2'], want: 'site.blk.v1_q4' },
    { hosts: ['blk-store2', 'blk-store1'], want: 'site.blk.v1_q2', policy: 'consensus' },
    { hosts: ['blk-store1', 'blk-store2'], want: 'site.blk.v1_q2', policy: 'consensus' },
  ];
  for (const { hosts, want, policy } of selections) {
    it(`${hosts.join(', ')}: ${want ?? 'nothing in common'}${policy === undefined ? '' : ` by ${policy}`}`, () =>
      assert.equal(selectVersion(hosts.map(example), { policy }).version, want));
  }

  const moves: { from: string; to: string; version?: string; reasons: readonly string[] }[] = [
    { from: 'vgpu-gpu1', to: 'vgpu-gpu2', reasons: [] },
    { from: 'vgpu-gpu2', to: 'vgpu-gpu1', reasons: [] },
    {
      from: 'vgpu-gpu1',
      to: 'vgpu-gpu3',
      reasons: ['pv_mode is context+none+ppgtt; wanted ${pv}, pv being some of none, ppgtt with none among them'],
    },
    { from: 'vgpu-mdev-half-a', to: 'vgpu-mdev-half-b', reasons: [] },
    { from: 'vgpu-mdev-half-b', to: 'vgpu-mdev-half-c', reasons: [] },
    { from: 'vgpu-mdev-half-c', to: 'vgpu-mdev-half-a', reasons: [] },
    {
      from: 'vgpu-mdev-half-a',
      to: 'vgpu-mdev-half-c',
      reasons: [
        'mdev_type is i915-GVTg_V5_2; wanted i915-GVTg_V5_${part}, part being 4 or 8',
        'aggregator is 1; wanted ${part/2}, part being 4 or 8',
        'interface_version is 3; wanted ${interface}, interface being 2',
      ],
    },
    { from: 'vgpu-driver-1.2', to: 'vgpu-driver-1.4', reasons: [] },
    {
      from: 'vgpu-driver-1.4',
      to: 'vgpu-driver-1.2',
      reasons: ['it has 1.2, and 1.4 moves to the same or a later minor of 1 only'],
    },
    { from: 'blk-store1', to: 'blk-store2', reasons: [] },
    { from: 'forward-only-old', to: 'forward-only-new', reasons: [] },
    {
      from: 'forward-only-new',
      to: 'forward-only-old',
      version: '5.3',
      reasons: ['the version moves forward only, and O is older than N: it cannot honour 6.3'],
    },
  ];
  for (const { from, to, version, reasons } of moves) {
    it(`${from} ${reasons.length === 0 ? 'may' : 'may not'} move to ${to}`, () => {
      const verdict = checkDocuments(example(from), example(to), version === undefined ? {} : { version });
      assert.deepEqual(
        verdict.reasons.map(({ text }) => text),
        reasons,
      );
      assert.equal(verdict.ok, reasons.length === 0);
    });
  }

  it('make a matrix of their device type without being told which', () => {
    const { deviceType, rows } = versionMatrix([example('blk-store1'), example('blk-store2')]);
    assert.equal(deviceType, 'vhost-user-blk');
    assert.deepEqual(
      rows.map(({ version, common }) => [version, common]),
      [
        ['site.blk.v1_q4', true],
        ['site.blk.v1_q2', true],
      ],
    );
  });

  it('leave a host that has no such device without a word of its own', () => {
    const [newer, older] = [example('vgpu-driver-1.4'), example('vgpu-driver-1.2')];
    const { version, rows } = selectVersion([newer, older, { ...older, host: 'bare', system_id: 'bare', devices: [] }]);
    assert.equal(version, undefined);
    const lacks = rows.find((row) => row.version === '1.2')?.lacking.map(({ host, code }) => [host, code]);
    assert.deepEqual(lacks, [['bare', 'VC-VERSION-UNKNOWN']]);
  });

  it('of different schemes are not compared', () => {
    const [scheme, plain] = [example('vgpu-driver-1.2'), example('thread-2018-old')];
    const devices = plain.devices?.map((one) => ({ ...one, self: { ...one.self, device_type: 'example-driver' } }));
    assert.throws(() => selectVersion([scheme, { ...plain, ...(devices && { devices }) }]), {
      code: 'VC-DOCUMENT',
      message: /old-driver has the scheme major\.minor\.bugfix, O opaque$/,
    });
  });

  it('may stand in one file', () => {
    const all = NAMES.map((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as unknown);
    assert.equal(parseDocuments(JSON.stringify(all), 'all.json').length, NAMES.length);
    assert.deepEqual(violations(SCHEMA, all), []);
  });
});
