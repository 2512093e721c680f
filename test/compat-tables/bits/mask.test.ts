import assert from 'node:assert/strict';
import fc from 'fast-check';
import { familyOf } from '../../../compat-tables/bits/device-types.ts';
import { type FeatureRows, featureBits, featureFamily } from '../../../compat-tables/bits/feature-bits.ts';
import { bitsOf, decodeMask, featureNames, formatMask, maskOf, parseMask } from '../../../compat-tables/bits/mask.ts';
import { CONTROL_BITS, LOG_ALL, PROTOCOL_FEATURES } from '../../../compat-tables/bits/named-masks.ts';
import { QEMU_FROM_BACKEND } from '../../../compat-tables/bits/qemu-from-backend.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import { VIRTIO_COMMON } from '../../../compat-tables/bits/virtio-common.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';

/** Written down from the virtio specification and linux/virtio_net.h, not from our data. */
const NET = `CSUM 0, GUEST_CSUM 1, CTRL_GUEST_OFFLOADS 2, MTU 3, MAC 5, GSO 6, GUEST_TSO4 7, GUEST_TSO6 8, GUEST_ECN 9,
  GUEST_UFO 10, HOST_TSO4 11, HOST_TSO6 12, HOST_ECN 13, HOST_UFO 14, MRG_RXBUF 15, STATUS 16, CTRL_VQ 17, CTRL_RX 18,
  CTRL_VLAN 19, CTRL_RX_EXTRA 20, GUEST_ANNOUNCE 21, MQ 22, CTRL_MAC_ADDR 23, GUEST_RSC4 41, GUEST_RSC6 42,
  DEVICE_STATS 50, HASH_TUNNEL 51, VQ_NOTF_COAL 52, NOTF_COAL 53, GUEST_USO4 54, GUEST_USO6 55, HOST_USO 56,
  HASH_REPORT 57, GUEST_HDRLEN 59, RSS 60, RSC_EXT 61, STANDBY 62, SPEED_DUPLEX 63, RSS_CONTEXT 64,
  GUEST_UDP_TUNNEL_GSO 65, GUEST_UDP_TUNNEL_GSO_CSUM 66, HOST_UDP_TUNNEL_GSO 67, HOST_UDP_TUNNEL_GSO_CSUM 68,
  OUT_NET_HEADER 69, IPSEC 70`;
const COMMON = `VIRTIO_F_NOTIFY_ON_EMPTY 24, VHOST_F_LOG_ALL 26, VIRTIO_F_ANY_LAYOUT 27, VIRTIO_RING_F_INDIRECT_DESC 28,
  VIRTIO_RING_F_EVENT_IDX 29, VHOST_USER_F_PROTOCOL_FEATURES 30, VIRTIO_F_VERSION_1 32, VIRTIO_F_ACCESS_PLATFORM 33,
  VIRTIO_F_RING_PACKED 34, VIRTIO_F_IN_ORDER 35, VIRTIO_F_ORDER_PLATFORM 36, VIRTIO_F_SR_IOV 37,
  VIRTIO_F_NOTIFICATION_DATA 38, VIRTIO_F_NOTIF_CONFIG_DATA 39, VIRTIO_F_RING_RESET 40, VIRTIO_F_ADMIN_VQ 41,
  VIRTIO_F_SUSPEND 43`;
const PROTOCOL_NAMES = `MQ LOG_SHMFD RARP REPLY_ACK NET_MTU BACKEND_REQ CROSS_ENDIAN CRYPTO_SESSION PAGEFAULT CONFIG
  BACKEND_SEND_FD HOST_NOTIFIER INFLIGHT_SHMFD RESET_DEVICE INBAND_NOTIFICATIONS CONFIGURE_MEM_SLOTS STATUS XEN_MMAP
  SHARED_OBJECT DEVICE_STATE GET_VRING_BASE_INFLIGHT GPA_ADDRESSES SHMEM`;

const pairs = (text: string, prefix = ''): [string, number][] =>
  text.split(',').map((pair) => {
    const [name = '', bit = ''] = pair.trim().split(' ');
    return [prefix + name, Number(bit)];
  });
const byName = (a: [string, number], b: [string, number]) => (a[0] < b[0] ? -1 : 1);
const table = (bits: readonly { name: string; bit: number }[]) =>
  bits.map(({ name, bit }): [string, number] => [name, bit]).sort(byName);

describe('names of features', () => {
  it('are those of the specification, with their numbers: virtio-net', () => {
    assert.deepEqual(table(VIRTIO_NET.bits), [...pairs(NET, 'VIRTIO_NET_F_'), ...pairs(COMMON)].sort(byName));
    assert.equal(VIRTIO_NET.bits.length, 62);
  });

  it('are those of the specification, with their numbers: vhost-user protocol', () => {
    const want = PROTOCOL_NAMES.split(/\s+/).map((name, bit): [string, number] => [
      `VHOST_USER_PROTOCOL_F_${name}`,
      bit,
    ]);
    assert.deepEqual(table(PROTOCOL.bits), want.sort(byName));
    assert.equal(PROTOCOL.bits.length, 23);
  });

  it('call the control bits never visible to a guest, and all others of the virtio word visible', () => {
    const hidden = VIRTIO_NET.bits.filter(({ guestVisible }) => !guestVisible).map(({ bit }) => bit);
    assert.deepEqual(hidden, [26, 30]);
    assert.equal(CONTROL_BITS, 0x44000000n);
    assert.equal(LOG_ALL | PROTOCOL_FEATURES, CONTROL_BITS);
  });

  it('say which bits QEMU takes from the back-end', () => {
    assert.equal(QEMU_FROM_BACKEND & maskOf(VIRTIO_NET, 'CSUM', 'MTU', 'RING_PACKED'), 0x400000009n);
    assert.equal(QEMU_FROM_BACKEND & (CONTROL_BITS | maskOf(VIRTIO_NET, 'CTRL_VQ', 'CTRL_RX', 'STATUS', 'MAC')), 0n);
  });

  it('require only what exists', () => {
    for (const family of [VIRTIO_NET, PROTOCOL]) {
      const names = new Set(family.bits.map(({ name }) => name as string));
      const required = family.bits.flatMap(({ requires }) => requires).flatMap((one) => one.split(' or '));
      assert.deepEqual(
        required.filter((name) => !names.has(name)),
        [],
      );
    }
  });

  it('are refused at load time when two bits share one', () => {
    const twice = () =>
      featureFamily('twins', featureBits('net', { ...row('A', 1), ...row('B', 2) }), featureBits('ring', row('A', 3)));
    assert.throws(twice, { message: 'twins: the name A stands for A and for A' });
    const alias = () => featureFamily('twins', featureBits('net', { ...row('A', 1), ...row('B', 2, ['A']) }));
    assert.throws(alias, { message: 'twins: the name A stands for A and for B' });
    const short = () =>
      featureFamily('twins', featureBits('net', { ...row('VIRTIO_NET_F_X', 1), ...row('VIRTIO_F_X', 2) }));
    assert.throws(short, { message: 'twins: the name X stands for VIRTIO_NET_F_X and for VIRTIO_F_X' });
  });

  it('depend on the device type; an unknown one has the bits that all devices have', () => {
    assert.equal(familyOf('vhost-user-net'), VIRTIO_NET);
    assert.equal(familyOf('vhost-user-nothing'), VIRTIO_COMMON);
    assert.equal(familyOf('constructor'), VIRTIO_COMMON);
    assert.deepEqual(featureNames(familyOf('vhost-user-nothing'), 0x100000001n), ['bit 0', 'VIRTIO_F_VERSION_1']);
  });
});

describe('masks', () => {
  const decoded = [
    { title: 'nothing', mask: 0n, want: [] },
    { title: 'bit 41, which has two names', mask: 1n << 41n, want: ['VIRTIO_F_ADMIN_VQ|VIRTIO_NET_F_GUEST_RSC4'] },
    { title: 'bits without a name', mask: (1n << 58n) | (1n << 99n), want: ['bit 58', 'bit 99'] },
    { title: 'bits above 63', mask: 1n << 70n, want: ['VIRTIO_NET_F_IPSEC'] },
    {
      title: 'Open vSwitch 2.6',
      mask: 0x144668182n,
      want: [
        ...['GUEST_CSUM', 'GUEST_TSO4', 'GUEST_TSO6', 'MRG_RXBUF', 'CTRL_VQ', 'CTRL_RX', 'GUEST_ANNOUNCE', 'MQ'].map(
          (name) => `VIRTIO_NET_F_${name}`,
        ),
        'VHOST_F_LOG_ALL',
        'VHOST_USER_F_PROTOCOL_FEATURES',
        'VIRTIO_F_VERSION_1',
      ],
    },
  ];
  for (const { title, mask, want } of decoded)
    it(`are decoded: ${title}`, () => assert.deepEqual(featureNames(VIRTIO_NET, mask), want));

  it('are decoded with the meaning of each bit', () => {
    const [mtu, unknown] = decodeMask(VIRTIO_NET, (1n << 3n) | (1n << 58n));
    assert.equal(mtu?.name, 'VIRTIO_NET_F_MTU');
    assert.equal(mtu?.known, true);
    assert.match(mtu?.meaning ?? '', /maximum MTU/);
    assert.deepEqual(
      { bit: unknown?.bit, name: unknown?.name, known: unknown?.known, guestVisible: unknown?.guestVisible },
      { bit: 58, name: 'bit 58', known: false, guestVisible: true },
    );
  });

  const parsed = [
    { text: '0xD7C66A7CA', want: 0xd7c66a7can },
    { text: ' 0x0 ', want: 0n },
    { text: '4294967296', want: 1n << 32n },
    { text: 'VIRTIO_NET_F_MTU', want: 8n },
    { text: 'VIRTIO_NET_F_MTU,VIRTIO_F_VERSION_1', want: 0x100000008n },
    { text: 'VIRTIO_NET_F_MTU, mq  VERSION_1', want: 0x100400008n },
    { text: 'VIRTIO_NET_F_GUEST_RSC4', want: 1n << 41n },
    { text: 'VIRTIO_F_ADMIN_VQ', want: 1n << 41n },
    { text: 'VIRTIO_F_ADMIN_VQ|VIRTIO_NET_F_GUEST_RSC4', want: 1n << 41n },
    { text: 'VIRTIO_F_IOMMU_PLATFORM', want: 1n << 33n },
    { text: 'bit 58, bit127', want: (1n << 58n) | (1n << 127n) },
    { text: `0x${'f'.repeat(32)}`, want: (1n << 128n) - 1n },
  ];
  for (const { text, want } of parsed) it(`are read: ${text}`, () => assert.equal(parseMask(text), want));

  const refused = [
    { text: '', message: 'Cannot read mask "": it is empty; wanted a number such as 0x140008000, or feature names' },
    {
      text: '0xzz',
      message: 'Cannot read mask "0xzz": it is not a number; wanted a number such as 0x140008000, or feature names',
    },
    {
      text: '-1',
      message: 'Cannot read mask "-1": it is not a number; wanted a number such as 0x140008000, or feature names',
    },
    { text: `0x1${'0'.repeat(32)}`, message: `Cannot read mask "0x1${'0'.repeat(32)}…": it has more than 128 bits` },
    { text: '9'.repeat(5000), message: `Cannot read mask "${'9'.repeat(40)}…": it has more than 128 bits` },
    {
      text: 'VIRTIO_NET_F_MTUU',
      message:
        'Cannot read feature "VIRTIO_NET_F_MTUU": no virtio-net feature has this name; the nearest is VIRTIO_NET_F_MTU',
    },
    { text: 'mtu bit 128', message: 'Cannot read feature "bit128": wanted a bit from 0 to 127' },
  ];
  for (const { text, message } of refused) {
    it(`are refused: ${text.slice(0, 40)}`, () => {
      assert.throws(
        () => parseMask(text),
        (error) => {
          assert.ok(error instanceof CompatError);
          assert.deepEqual([error.code, error.message], ['VC-MASK', message]);
          return true;
        },
      );
    });
  }

  it('are read with the names of another family', () => {
    assert.equal(parseMask('LOG_SHMFD VHOST_USER_PROTOCOL_F_SLAVE_REQ', PROTOCOL), 0x22n);
    assert.throws(() => parseMask('VIRTIO_NET_F_MTU', PROTOCOL), { code: 'VC-MASK' });
  });

  const anyMask = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
  it('and their names are inverse', () => {
    fc.assert(
      fc.property(anyMask, fc.constantFrom(VIRTIO_NET, VIRTIO_COMMON, PROTOCOL), (mask, family) => {
        const names = featureNames(family, mask);
        assert.equal(names.length, bitsOf(mask).length);
        if (mask !== 0n) assert.equal(parseMask(names.join(', '), family), mask);
      }),
    );
  });

  it('and their text are inverse', () => {
    fc.assert(fc.property(anyMask, (mask) => assert.equal(parseMask(formatMask(mask)), mask)));
  });
});

function row(name: string, bit: number, aliases: readonly string[] = []): FeatureRows {
  return { [name]: { bit, meaning: 'for a test', aliases } };
}
