/**
 * Protocol features: what front-end and back-end agree on for one connection (QEMU's vhost-user document, section
 * "Protocol features"). Guests never see them; the notes say when they matter for a migration.
 */
import { type FeatureRow, featureBits, featureFamily } from './feature-bits.ts';

const PROTOCOL_ROWS = [
  {
    bit: 0,
    name: 'VHOST_USER_PROTOCOL_F_MQ',
    meaning: 'The front-end may ask how many queue pairs the back-end supports.',
    note: 'Needed on both sides when the guest uses more than one queue pair.',
  },
  {
    bit: 1,
    name: 'VHOST_USER_PROTOCOL_F_LOG_SHMFD',
    meaning: 'The dirty-page log is shared memory handed over as a file descriptor.',
    note: 'Needed on the source; QEMU blocks migration without it.',
  },
  {
    bit: 2,
    name: 'VHOST_USER_PROTOCOL_F_RARP',
    meaning: 'The front-end may ask the back-end to send a RARP for the guest after migration.',
    note: 'Matters on the destination when the guest does not announce itself.',
  },
  {
    bit: 3,
    name: 'VHOST_USER_PROTOCOL_F_REPLY_ACK',
    meaning: 'The front-end may ask for an acknowledgement of messages that have no reply of their own.',
    note: 'Needed when a virtual IOMMU is in use. Safe to differ otherwise.',
  },
  {
    bit: 4,
    name: 'VHOST_USER_PROTOCOL_F_NET_MTU',
    meaning: 'The front-end tells the back-end the MTU chosen for the guest.',
  },
  {
    bit: 5,
    name: 'VHOST_USER_PROTOCOL_F_BACKEND_REQ',
    aliases: ['VHOST_USER_PROTOCOL_F_SLAVE_REQ'],
    meaning: 'A second channel on which the back-end sends requests to the front-end.',
  },
  {
    bit: 6,
    name: 'VHOST_USER_PROTOCOL_F_CROSS_ENDIAN',
    meaning: "The front-end tells the back-end the byte order of a legacy guest's rings.",
    note: 'Needed only for a legacy guest of the other byte order.',
  },
  {
    bit: 7,
    name: 'VHOST_USER_PROTOCOL_F_CRYPTO_SESSION',
    meaning: 'Messages to create and close crypto sessions (virtio-crypto).',
  },
  {
    bit: 8,
    name: 'VHOST_USER_PROTOCOL_F_PAGEFAULT',
    meaning: 'The back-end hands over a userfault descriptor so that memory can follow after the switch.',
    note: 'Needed on the destination for post-copy migration.',
  },
  {
    bit: 9,
    name: 'VHOST_USER_PROTOCOL_F_CONFIG',
    meaning: 'The device configuration space is read and written through the back-end.',
    note: 'When negotiated, the back-end also owns configuration contents that must match after migration.',
  },
  {
    bit: 10,
    name: 'VHOST_USER_PROTOCOL_F_BACKEND_SEND_FD',
    aliases: ['VHOST_USER_PROTOCOL_F_SLAVE_SEND_FD'],
    meaning: 'The back-end may pass file descriptors on its request channel.',
  },
  {
    bit: 11,
    name: 'VHOST_USER_PROTOCOL_F_HOST_NOTIFIER',
    meaning: 'The back-end may expose a host doorbell page to the guest.',
  },
  {
    bit: 12,
    name: 'VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD',
    meaning: 'In-flight descriptors are tracked in shared memory that survives a back-end restart.',
  },
  {
    bit: 13,
    name: 'VHOST_USER_PROTOCOL_F_RESET_DEVICE',
    meaning: 'A message that resets the device state in the back-end.',
  },
  {
    bit: 14,
    name: 'VHOST_USER_PROTOCOL_F_INBAND_NOTIFICATIONS',
    meaning: 'Notifications travel as messages instead of event descriptors.',
  },
  {
    bit: 15,
    name: 'VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS',
    meaning: 'Memory regions are added and removed one at a time, and the back-end says how many it takes.',
    note: "Without it the guest's memory must fit in the fixed table of 8 regions.",
  },
  {
    bit: 16,
    name: 'VHOST_USER_PROTOCOL_F_STATUS',
    meaning: 'The device status byte is passed to and read from the back-end.',
  },
  { bit: 17, name: 'VHOST_USER_PROTOCOL_F_XEN_MMAP', meaning: 'Memory regions carry Xen mapping details.' },
  {
    bit: 18,
    name: 'VHOST_USER_PROTOCOL_F_SHARED_OBJECT',
    meaning: 'Back-ends exchange shared objects by identifier through the front-end.',
  },
  {
    bit: 19,
    name: 'VHOST_USER_PROTOCOL_F_DEVICE_STATE',
    meaning: "The back-end's internal state is moved with the virtual machine during migration.",
    note: 'Needed on both sides for stateful back-ends; no network back-end in the table offers it.',
  },
  {
    bit: 20,
    name: 'VHOST_USER_PROTOCOL_F_GET_VRING_BASE_INFLIGHT',
    meaning: 'Stopping a queue may leave requests in flight, to be carried over by the in-flight area.',
    note: 'Only of use where requests are slow to drain (block devices).',
  },
  {
    bit: 21,
    name: 'VHOST_USER_PROTOCOL_F_GPA_ADDRESSES',
    meaning: 'Memory regions and rings are described by guest physical addresses instead of front-end addresses.',
  },
  {
    bit: 22,
    name: 'VHOST_USER_PROTOCOL_F_SHMEM',
    aliases: ['VHOST_USER_PROTOCOL_F_SHMEM_MAP'],
    meaning: "The back-end asks for descriptors to be mapped in the device's shared memory regions.",
  },
] as const satisfies readonly FeatureRow[];

export const PROTOCOL = featureFamily('vhost-user protocol', featureBits('protocol', PROTOCOL_ROWS));
