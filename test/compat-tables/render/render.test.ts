import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { runMockBackend } from '../../../agent/mock/mock-backend.ts';
import { bitNumber, maskOf } from '../../../compat-tables/bits/mask.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { findRelease } from '../../../compat-tables/releases/releases.ts';
import { QEMU_PROPERTIES } from '../../../compat-tables/render/qemu-properties.ts';
import { renderEntry } from '../../../compat-tables/render/render.ts';
import { needs } from '../../peers/needs.ts';
import { Peers } from '../../peers/process.ts';
import { entryLike, shippedEntries } from '../shipped.ts';

const shipped = shippedEntries();

function shippedEntry(version: string) {
  const entry = shipped.find((one) => one.version === version);
  assert.ok(entry, version);
  return entry;
}

/** What QEMU's defaults show of what a back-end offers. */
const DEFAULTS = maskOf(
  ...([VIRTIO_NET, 'CSUM', 'GUEST_CSUM', 'GSO', 'GUEST_TSO4', 'GUEST_TSO6', 'GUEST_ECN', 'GUEST_UFO'] as const),
  ...(['HOST_TSO4', 'HOST_TSO6', 'HOST_ECN', 'HOST_UFO', 'MRG_RXBUF', 'GUEST_ANNOUNCE', 'NOTIFY_ON_EMPTY'] as const),
  ...(['ANY_LAYOUT', 'INDIRECT_DESC', 'EVENT_IDX', 'VERSION_1', 'RING_RESET'] as const),
);
const plain = (changes: Parameters<typeof entryLike>[0]) => entryLike({ virtioFeatures: DEFAULTS, ...changes });

/** What QEMU would show a guest on this device: decoded names, as `x-query-virtio-status` has them. */
async function shownBy(qemu: string, socket: string, device: readonly string[], netdev: readonly string[]) {
  const child = spawn(qemu, [
    ...['-machine', 'pc,accel=tcg,memory-backend=m', '-nodefaults', '-display', 'none', '-S', '-qmp', 'stdio'],
    ...['-m', '64M', '-object', 'memory-backend-memfd,id=m,size=64M,share=on'],
    ...['-chardev', `socket,id=c,path=${socket}`, '-netdev', ['vhost-user,id=n,chardev=c', ...netdev].join(',')],
    ...['-device', ['virtio-net-pci,id=d,netdev=n', ...device].join(',')],
  ]);
  const texts = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    texts.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    texts.err += chunk.toString();
  });
  const path = '/machine/peripheral/d/virtio-backend';
  for (const command of [
    { execute: 'qmp_capabilities' },
    { execute: 'x-query-virtio-status', arguments: { path } },
    { execute: 'quit' },
  ])
    child.stdin.write(`${JSON.stringify(command)}\n`);
  await once(child, 'close');
  const line = texts.out.split('\n').find((one) => one.includes('host-features'));
  assert.ok(line, texts.err + texts.out);
  const { return: status } = JSON.parse(line) as {
    return: { 'host-features': { transports: string[]; 'dev-features': string[] } };
  };
  const { transports, 'dev-features': own } = status['host-features'];
  return [...transports, ...own].map((text) => text.split(':')[0] ?? '');
}

describe('render', () => {
  it('says nothing where the defaults do what the mode says', () => {
    const { device, netdev, libvirt } = renderEntry(plain({}));
    assert.deepEqual({ device, netdev, libvirt }, { device: [], netdev: [], libvirt: '<driver/>' });
  });

  it('switches off what the mode lacks and on what QEMU hides', () => {
    const virtioFeatures =
      (DEFAULTS & ~maskOf(VIRTIO_NET, 'CSUM', 'INDIRECT_DESC')) | maskOf(VIRTIO_NET, 'RING_PACKED');
    const { device, libvirt, notExpressible } = renderEntry(plain({ virtioFeatures }));
    assert.deepEqual(device, ['csum=off', 'indirect_desc=off', 'packed=on']);
    assert.equal(libvirt, "<driver packed='on'>\n  <host csum='off'/>\n</driver>");
    const lacking = notExpressible.libvirt.find(({ name }) => name === 'VIRTIO_RING_F_INDIRECT_DESC');
    assert.deepEqual([lacking?.wanted, lacking?.property], ['hidden', 'indirect_desc=off']);
    assert.equal(
      notExpressible.qemu.find(({ name }) => name === 'VIRTIO_RING_F_INDIRECT_DESC'),
      undefined,
    );
  });

  it('turns the legacy device on by turning the modern one off', () => {
    const virtioFeatures = DEFAULTS & ~maskOf(VIRTIO_NET, 'VERSION_1');
    const { device, notExpressible } = renderEntry(plain({ virtioFeatures }));
    assert.deepEqual(device, ['disable-modern=on', 'disable-legacy=off']);
    const lacking = notExpressible.libvirt.find(({ name }) => name === 'VIRTIO_F_VERSION_1');
    assert.equal(lacking?.property, 'disable-modern=on,disable-legacy=off');
  });

  it('writes Open vSwitch 2.6 as its mask is', () => {
    const { device, libvirt } = renderEntry(shippedEntry('upstream.ovs-dpdk.v2.6'));
    // 0x144668182: of what QEMU shows by default only GUEST_CSUM, GUEST_TSO4, GUEST_TSO6, MRG_RXBUF, ANNOUNCE, VERSION_1
    const off = ['csum', 'gso', 'guest_ecn', 'guest_ufo', 'host_tso4', 'host_tso6', 'host_ecn', 'host_ufo'];
    const rings = ['notify_on_empty', 'any_layout', 'indirect_desc', 'event_idx', 'queue_reset'];
    assert.deepEqual(
      device,
      [...off, ...rings].map((name) => `${name}=off`),
    );
    assert.match(libvirt, /<driver event_idx='off'>/);
    assert.match(libvirt, /<guest ecn='off' ufo='off'\/>/);
  });

  it('does not speak of bits that QEMU decides by itself', () => {
    const control = [
      'CTRL_VQ',
      'CTRL_RX',
      'CTRL_VLAN',
      'CTRL_RX_EXTRA',
      'CTRL_MAC_ADDR',
      'CTRL_GUEST_OFFLOADS',
    ] as const;
    const own = maskOf(VIRTIO_NET, 'MAC', 'STATUS', ...control);
    const { device, notExpressible } = renderEntry(plain({ virtioFeatures: DEFAULTS | own }));
    assert.deepEqual(device, []);
    assert.deepEqual(
      notExpressible.qemu.filter(({ wanted }) => wanted === 'shown'),
      [],
    );
  });

  it('names what cannot be said', () => {
    const wanted = maskOf(VIRTIO_NET, 'MTU', 'IN_ORDER', 'NOTIFICATION_DATA');
    const rows = renderEntry(plain({ virtioFeatures: DEFAULTS | wanted, protocolFeatures: 0x7ffffen })).notExpressible;
    const shown = (list: typeof rows.qemu) => list.filter((one) => one.wanted === 'shown').map(({ bit }) => bit);
    assert.deepEqual(
      [shown(rows.qemu), shown(rows.libvirt)],
      [
        [3, 35, 38],
        [3, 35, 38],
      ],
    );
    const protocol = rows.qemu.filter(({ family }) => family === 'protocol');
    assert.deepEqual(
      protocol.map(({ name }) => name),
      ['VHOST_USER_PROTOCOL_F_MQ'],
    );
  });

  it('says of each bit that QEMU does not show by itself that it cannot be said, or how', () => {
    const whys = (bit: number) => {
      const { notExpressible, device } = renderEntry(plain({ virtioFeatures: DEFAULTS | (1n << BigInt(bit)) }));
      const { qemu, libvirt } = notExpressible;
      const of = (list: typeof qemu) =>
        list.filter((one) => one.bit === bit && one.wanted === 'shown').map(({ why }) => why);
      assert.deepEqual([device, of(libvirt)], [[], of(qemu)], String(bit));
      return of(qemu);
    };
    const names = ['NOTF_COAL', 'ORDER_PLATFORM', 'GUEST_HDRLEN', 'GUEST_UDP_TUNNEL_GSO', 'bit 58', 'bit 99'];
    for (const name of names)
      assert.deepEqual(whys(bitNumber(VIRTIO_NET, name)), ['QEMU has no property that shows it'], name);
    assert.match(whys(bitNumber(VIRTIO_NET, 'STANDBY')).join(), /^needs .* failover=on/);
    assert.match(whys(bitNumber(VIRTIO_NET, 'SPEED_DUPLEX')).join(), /^needs the speed itself: speed=MBIT/);
  });

  it('shows MQ with several queue pairs, within the promise', () => {
    const entry = plain({ virtioFeatures: DEFAULTS | maskOf(VIRTIO_NET, 'MQ'), limits: { queue_pairs: 4 } });
    const four = renderEntry(entry, 4);
    assert.deepEqual([four.device, four.netdev], [['mq=on'], ['queues=4']]);
    assert.equal(four.libvirt, "<driver queues='4'/>");
    assert.deepEqual(renderEntry(entry).device, []);
    for (const [bad, queues] of [
      [entry, 5],
      [plain({}), 2],
    ] as const)
      assert.throws(
        () => renderEntry(bad, queues),
        (error) => error instanceof CompatError && error.code === 'VC-MODE-LIMIT',
      );
  });

  it('refuses rings that are smaller than any of QEMU, and needs no property for others', () => {
    const sizes = (ring_size: number) => renderEntry(plain({ limits: { ring_size } }));
    for (const enough of [256, 1024]) {
      const { device, libvirt } = sizes(enough);
      assert.deepEqual([device, libvirt], [[], '<driver/>']);
    }
    for (const small of [64, 128, 255])
      assert.throws(
        () => sizes(small),
        (error) =>
          error instanceof CompatError &&
          error.code === 'VC-MODE-LIMIT' &&
          error.message.includes(`rings of ${small}; QEMU's are not below 256`),
      );
  });

  it('refuses other device types', () => {
    assert.throws(
      () => renderEntry(plain({ deviceType: 'vhost-user-blk' })),
      (error) => error instanceof CompatError && error.code === 'VC-VERSION-DEVICE-TYPE',
    );
  });

  describe('for a real QEMU', () => {
    let qemu = '';
    before(function () {
      qemu = needs(this, 'qemu-system-x86_64', 'qemu-system-x86');
    });

    it('has names and defaults that QEMU knows', () => {
      const help = execFileSync(qemu, ['-device', 'virtio-net-pci,help'], { encoding: 'utf8' });
      const [, major = '0', minor = '0'] =
        /version (\d+)\.(\d+)/.exec(execFileSync(qemu, ['--version']).toString()) ?? [];
      const isHere = (since: string | undefined) => {
        const [wantedMajor = 0, wantedMinor = 0] = (since ?? '7.2').split('.').map(Number);
        return Number(major) > wantedMajor || (Number(major) === wantedMajor && Number(minor) >= wantedMinor);
      };
      for (const { property, shown, inverted, since } of QEMU_PROPERTIES.filter((row) => isHere(row.since))) {
        const [, kind] = new RegExp(`^ *${property}=<(\\w+)>.*`, 'm').exec(help) ?? [];
        assert.ok(kind !== undefined, `${property} (${since ?? '7.2'}) is not a property`);
        const [, initial] = new RegExp(`^ *${property}=.*default: (\\w+)`, 'm').exec(help) ?? [];
        // newer releases have on/off/auto
        if (kind === 'bool') assert.equal(initial, String(shown === (inverted !== true)), property);
      }
    });

    /** Whether a QEMU starts with the device, and what it says; no guest runs. */
    function started(properties: readonly string[], machine = 'pc', bus: readonly string[] = []) {
      const device = ['virtio-net-pci', ...properties].join(',');
      const { status, stderr } = spawnSync(
        qemu,
        [
          ...['-machine', `${machine},accel=tcg`, '-nodefaults', '-display', 'none', '-S', '-monitor', 'stdio'],
          ...[...bus, '-device', device],
        ],
        { input: 'quit\n', encoding: 'utf8' },
      );
      return { status, text: `${device}: ${stderr}` };
    }

    it('writes rings that QEMU takes, or refuses the version as QEMU would', function () {
      this.timeout(60_000);
      for (const ring_size of [64, 128, 255, 256, 512, 1024]) {
        let properties: readonly string[] | undefined;
        try {
          properties = renderEntry(plain({ limits: { ring_size } })).device;
        } catch (error) {
          assert.ok(error instanceof CompatError, String(error));
        }
        const size = 2 ** Math.floor(Math.log2(ring_size));
        const told = started([`rx_queue_size=${size}`]);
        assert.equal(told.status === 0, properties !== undefined, told.text);
        if (properties === undefined) continue;
        const { status, text } = started(properties);
        assert.equal(status, 0, text);
      }
    });

    it('shows a guest exactly the mode, but for what is said not to be expressible', async function () {
      this.timeout(60_000);
      const peers = new Peers();
      try {
        // more than the modes below have: it is the properties that cut
        const path = join(peers.folder(), 'vhu');
        const backend = await runMockBackend({ role: 'listen', path }, findRelease('dpdk-18.11'));
        peers.defer(() => backend.close());
        for (const version of ['upstream.ovs-dpdk.v2.6', 'upstream.ovs-dpdk.v3.2', 'upstream.ovs-dpdk.v2.13.1+tso']) {
          const entry = shippedEntry(version);
          const { device, netdev, notExpressible } = renderEntry(entry, 2);
          const shown = await shownBy(qemu, path, device, netdev);
          const lost = notExpressible.qemu.filter(({ wanted }) => wanted === 'shown').map(({ name }) => name);
          for (const { bit, name } of VIRTIO_NET.bits.filter((one) => one.fromBackend)) {
            const wanted = ((entry.virtioFeatures >> BigInt(bit)) & 1n) === 1n && !lost.includes(name);
            assert.equal(shown.includes(name), wanted, `${version}: ${name}`);
          }
          const byItself = ['MAC', 'STATUS', 'CTRL_VLAN', 'CTRL_RX_EXTRA', 'CTRL_MAC_ADDR', 'CTRL_GUEST_OFFLOADS'];
          for (const name of byItself) assert.ok(shown.includes(`VIRTIO_NET_F_${name}`), name);
        }
      } finally {
        await peers.end();
      }
    });

    it('starts a device with the properties of every shipped version', function () {
      this.timeout(60_000);
      const seen = new Set<string>();
      for (const entry of shipped.filter(({ deviceType }) => deviceType === 'vhost-user-net')) {
        const { device } = renderEntry(entry);
        if (seen.has(device.join())) continue;
        seen.add(device.join());
        const onPci = started(device);
        assert.equal(onPci.status, 0, `${entry.version}: ${onPci.text}`);
        const onPciExpress = started([...device, 'bus=root'], 'q35', ['-device', 'pcie-root-port,id=root']);
        assert.equal(onPciExpress.status, 0, `${entry.version} behind a root port: ${onPciExpress.text}`);
      }
      assert.ok(seen.size > 5);
    });
  });
});
