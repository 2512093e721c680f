import assert from 'node:assert/strict';
import { formatMask, maskOf } from '../../../compat-tables/bits/mask.ts';
import { CONTROL_BITS } from '../../../compat-tables/bits/named-masks.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import type { Tier } from '../../../compat-tables/entries/entry.ts';
import { answerTogether, togetherJson } from '../../../rpc/fleet/answer-together.ts';
import type { GuestQuestion } from '../../../rpc/fleet/guest-interfaces.ts';
import type { HostDocument, InterfaceDocument } from '../../../rpc/fleet/host-document.ts';
import { entry } from '../state/fixtures.ts';
import { documentOf, versionDocuments } from './made-documents.ts';

const BASE = maskOf(VIRTIO_NET, 'VERSION_1', 'MRG_RXBUF');
const PACKED = maskOf(VIRTIO_NET, 'RING_PACKED');
const tiered = (version: string, mask: bigint, tier: Tier = 'both-ways') => entry(version, mask, { tier, limits: {} });
const ALL = [tiered('site.packed', BASE | PACKED), tiered('site.forward', BASE, 'forward-only')];
function host(name: string, mask: bigint, interfaces: readonly InterfaceDocument[] = []): HostDocument {
  const known = { virtioFeatures: mask | CONTROL_BITS, protocolFeatures: 0xcf7n, limits: {} };
  return documentOf(name, known, { versions: versionDocuments(ALL, known), interfaces });
}

function running(name: string, acked: bigint, more: Partial<InterfaceDocument> = {}): InterfaceDocument {
  return {
    ...{ name, device_type: 'vhost-user-net', frontend: 'listen:/f', backend: 'connect:/b', state: 'negotiated' },
    ...{ in_force: 'site.packed', acked_features: formatMask(acked), acked_protocol_features: '0xcf7' },
    ...{ backend_limits: {}, queue_pairs: 1, ring_sizes: {}, ...more },
  };
}
function waiting(name: string, more: Partial<InterfaceDocument>): InterfaceDocument {
  const { in_force: _, acked_features: __, ...rest } = running(name, 0n, more);
  return { ...rest, state: 'waiting-frontend', next_start: 'site.packed' };
}
const qemu = (pid: string, start_time = '7', more: Record<string, string> = {}) => ({
  pid,
  start_time,
  boot_id: 'b',
  ...more,
});

const source = host('node1', BASE | PACKED, [
  running('packed', BASE | PACKED, { external_ids: { 'vm-uuid': 'A' }, peer: qemu('41') }),
  running('plain', BASE, { external_ids: { 'vm-id': 'A' }, peer: qemu('41') }),
  running('alone', BASE, { external_ids: { 'vm-uuid': 'B', 'iface-id': 'A' }, peer: qemu('42') }),
  running('old', BASE, { peer: qemu('42', '3') }),
  running('listening', BASE, { peer: qemu('50', '9', { socket: '1:2:3 /run/vm/a' }) }),
  waiting('idle', { peer: qemu('41') }),
]);
const [same, small] = [host('same', BASE | PACKED), host('small', BASE)];
const ask = (guest: GuestQuestion, ...targets: HostDocument[]) =>
  togetherJson(answerTogether({ source, targets }, guest));
const names = (guest: GuestQuestion) => ask(guest, same).interfaces.map((one) => one.interface);

describe('which interfaces are those of one guest', () => {
  it('those that name its VM, by either key', () => {
    assert.deepEqual(names({ vm: 'A' }), ['packed', 'plain']);
    assert.deepEqual(names({ vm: 'B' }), ['alone']);
  });

  it('those of its front-end process, by its number or by one of them', () => {
    for (const allOf of ['41', 'packed', 'plain']) assert.deepEqual(names({ allOf }), ['packed', 'plain']);
    // a process number is used again
    assert.deepEqual(names({ allOf: '42' }), ['alone']);
    assert.deepEqual(names({ allOf: 'old' }), ['old']);
  });

  it('remarks where the number may be that of libvirtd', () => {
    assert.match(ask({ allOf: 'listening' }, same).notes.join(), /process 50 made the sockets.*libvirtd/);
    assert.deepEqual(ask({ allOf: '41' }, same).notes, []);
  });

  it('none is an error that names what there is', () => {
    const unknown = { code: 'VC-INTERFACE-UNKNOWN' };
    assert.throws(() => ask({ vm: 'C' }, same), {
      ...unknown,
      message: /VM C on host node1: its interfaces are of A, B/,
    });
    assert.throws(() => ask({ vm: 'constructor' }, same), unknown);
    assert.throws(() => ask({ allOf: '99' }, same), { ...unknown, message: /"99".*\(41, 42, 50\)/ });
    // it has no front-end now
    assert.throws(() => ask({ allOf: 'idle' }, same), unknown);
    assert.throws(() => answerTogether({ source: same, targets: [small] }, { vm: 'A' }), {
      ...unknown,
      message: /no interface names its VM/,
    });
  });
});

describe('the verdict about all interfaces of a guest', () => {
  it('is no when one of them cannot go', () => {
    const { possible, targets } = ask({ vm: 'A' }, same, small);
    assert.equal(possible, false);
    assert.deepEqual(
      targets.map((one) => [one.host, one.possible, one.stuck, one.tier]),
      [
        ['same', true, [], 'both-ways'],
        ['small', false, ['packed'], null],
      ],
    );
  });

  it('has the strictest tier of the versions to pin', () => {
    const [there] = ask({ vm: 'B' }, small).targets;
    assert.deepEqual([there?.possible, there?.tier], [true, 'forward-only']);
    const mixed = host('mixed', BASE | PACKED, []);
    const both = answerTogether({ source, targets: [mixed], version: 'site.forward' }, { allOf: 'plain' });
    assert.equal(both.verdict.targets[0]?.possible, false, 'packed cannot take it');
  });

  it('goes on only to where all of them can go on', () => {
    const [there] = ask({ vm: 'A' }, same, small).targets;
    assert.deepEqual(there?.reachable, ['node1']);
    assert.deepEqual(ask({ vm: 'B' }, same, small).targets[0]?.reachable, ['node1', 'small']);
  });
});
