import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { MESSAGES } from '../../../compat-tables/explain/messages/messages.ts';
import { needs, needsThat } from '../../peers/needs.ts';

/** What a C format prints for one value, enough for our patterns. */
function printed(format: string): string {
  const values: Readonly<Record<string, string>> = { d: '11', i: '11', u: '11', lu: '11', lx: '1f', x: '1f' };
  return format.replaceAll(/%(?:[.*]*)(lx|lu|zu|[diuxs])/g, (_, kind: string) => values[kind] ?? FILL[kind] ?? '11');
}
const FILL: Readonly<Record<string, string>> = { s: 'VHOST_USER_SET_OWNER', zu: '11' };

/** The formats as they stand in the binary, and the row that has to know what they print. */
function knows(binary: Buffer, formats: Readonly<Record<string, readonly string[]>>): void {
  for (const [id, texts] of Object.entries(formats)) {
    const row = MESSAGES.find((one) => one.id === id);
    assert.ok(row, id);
    for (const format of texts) {
      assert.ok(binary.includes(format), `the binary has no "${format}"`);
      assert.match(printed(format), row.pattern, id);
    }
  }
}

describe('explain: the texts of real programs', () => {
  it("knows QEMU's own formats", function () {
    const qemu = readFileSync(needs(this, 'qemu-system-x86_64', 'qemu-system-x86'));
    knows(qemu, {
      'qemu-features-unsupported': ['Features 0x%lx unsupported. Allowed features: 0x%lx'],
      'qemu-vhost-lacks': ['vhost lacks feature mask 0x%lx for backend'],
      'qemu-vhost-init': ['failed to init vhost_net for queue %d'],
      'qemu-no-log-all': ['Migration disabled: vhost lacks VHOST_F_LOG_ALL feature.'],
      'qemu-no-log-shmfd': ['Migration disabled: vhost-user backend lacks VHOST_USER_PROTOCOL_F_LOG_SHMFD feature.'],
      'qemu-userspace-fallback': ['unable to start vhost net: %d: falling back on userspace virtio'],
      'qemu-unexpected-reply': ['Received unexpected msg type. Expected %d received %d'],
      'qemu-set-msg-fds': ['Failed to set msg fds.'],
      'qemu-read-header': ['Failed to read msg header. Read %d instead of %d. Original request %d.'],
      'qemu-message-broken': [
        'Failed to read msg header. Flags 0x%x instead of 0x%x.',
        'Failed to read msg payload. Read %d instead of %d.',
      ],
      'qemu-message-write': ['Failed to write msg. Wrote %d instead of %d.'],
      'qemu-load-device': ["error while loading state for instance 0x%x of device '%s'"],
      'qemu-load-failed': ['load of migration failed: %s'],
      'qemu-queue-pairs-state': ['virtio-net: curr_queue_pairs %x > max_queue_pairs %x'],
      'qemu-mtu': ['%uBytes MTU not supported by the backend'],
      'qemu-memory-slots': ['vhost backend memory slots limit is less than current number of present memory slots'],
      'qemu-vhost-call': ['vhost_set_features failed: %s (%d)', 'vhost_set_mem_table failed: %s (%d)'],
      'qemu-queues': ['you are asking more queues than supported: %d'],
      'qemu-num-queues': ['The maximum number of queues supported by the backend is %lu'],
      'qemu-ring-size': ['Invalid rx_queue_size (= %u), must be a power of 2 between %d and %d'],
      'qemu-pci-config': ['Bad config data: i=0x%x read: %x device: %x cmask: %x'],
      'qemu-rarp': ['Vhost user backend fails to broadcast fake RARP'],
    });
  });

  it("knows the formats of DPDK's vhost library", function () {
    const library = '/usr/lib/x86_64-linux-gnu/librte_vhost.so.23';
    needsThat(this, existsSync(library), library, 'librte-vhost23');
    knows(readFileSync(library), {
      'dpdk-features-changed': ['(%s) features changed while device is running.'],
      'dpdk-invalid-features': ['(%s) received invalid negotiated features.'],
      'dpdk-negotiated': ['(%s) negotiated Virtio features: 0x%lx'],
      'dpdk-protocol': ['(%s) negotiated Vhost-user protocol features: 0x%lx'],
      'dpdk-invalid-protocol': ['(%s) received invalid protocol features.'],
      'dpdk-features-ok': ['(%s) FEATURES_OK bit is set but feature negotiation failed'],
      'dpdk-peer-closed': ['(%s) vhost peer closed'],
      'dpdk-message-size': ['(%s) invalid msg size: %d'],
      'dpdk-not-handled': ['(%s) vhost message (req: %d) was not handled.'],
      'dpdk-descriptors': ['(%s) expect %d FDs for request %s, received %d'],
      'dpdk-processing-failed': ['(%s) processing %s failed.'],
      'dpdk-handling-failed': ['(%s) vhost message handling failed.'],
      'dpdk-truncated': ['(%s) truncated msg (fd %d)', '(%s) truncated control data (fd %d)'],
      'dpdk-backend-reply': ['(%s) received unexpected msg type (%u), expected %u'],
      'dpdk-ring-size': ['(%s) invalid virtqueue size %u'],
      'dpdk-ring-index': ['(%s) invalid vring index: %u'],
      'dpdk-memory-regions': ['(%s) too many memory regions (%u)'],
      'dpdk-linear-buffers': [
        'Linear buffers requested without external buffers',
        'disabling host segmentation offloading support',
      ],
      'dpdk-connect-failed': ['VHOST_CONFIG: (%s) failed to connect: %s'],
      'dpdk-bind': ['(%s) failed to bind: %s; remove it and try again'],
      'dpdk-read-message': ['(%s) read message %s'],
    });
  });

  it('knows the formats of Open vSwitch', function () {
    const program = '/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk';
    needsThat(this, existsSync(program), program, 'openvswitch-switch-dpdk');
    knows(readFileSync(program), {
      'ovs-device-added': ["vHost Device '%s' has been added on numa node %i"],
      'ovs-device-removed': ["vHost Device '%s' has been removed"],
      'ovs-connection-destroyed': ["vHost Device '%s' connection has been destroyed"],
      'ovs-still-attached': ["Connection on socket '%s' destroyed while vhost device still attached."],
      'ovs-device-not-found': ["vHost Device '%s' not found", "vHost Device '%s' can't be added - name not found"],
      'ovs-client-created': ["vHost User device '%s' created in 'client' mode, using client socket '%s'"],
      'ovs-server-created': ['Socket %s created for vhost-user port %s'],
      'ovs-deprecated': ['dpdkvhostuser ports are considered deprecated;'],
      'ovs-tso': ['%s: TSO enabled on vhost port'],
      'ovs-setting': ['IOMMU support for vhost-user-client %s.', 'POSTCOPY support for vhost-user-client %s.'],
      'ovs-setup-failure': [
        'vhost-user socket device setup failure for socket %s',
        'vhost-user device setup failure for device %s',
      ],
    });
  });
});
