/**
 * Protocol features: what front-end and back-end agree on for one connection (QEMU's vhost-user document, section
 * "Protocol features"). Guests never see them; the notes say when they matter for a migration.
 */
import { type FeatureRows, featureBits, featureFamily } from './feature-bits.ts';

const PROTOCOL_ROWS = {
  VHOST_USER_PROTOCOL_F_MQ: {
    bit: 0,
    meaning: 'The front-end may ask how many queue pairs the back-end supports.',
    note: 'Needed on both sides when the guest uses more than one queue pair.',
  },
  VHOST_USER_PROTOCOL_F_LOG_SHMFD: {
    bit: 1,
    meaning: 'The dirty-page log is shared memory handed over as a file descriptor.',
    note: 'Needed on the source; QEMU blocks migration without it.',
  },
  VHOST_USER_PROTOCOL_F_RARP: {
    bit: 2,
    meaning: 'The front-end may ask the back-end to send a RARP for the guest after migration.',
    note: 'Matters on the destination when the guest does not announce itself.',
  },
  VHOST_USER_PROTOCOL_F_REPLY_ACK: {
    bit: 3,
    meaning: 'The front-end may ask for an acknowledgement of messages that have no reply of their own.',
    note: 'Needed when a virtual IOMMU is in use. Safe to differ otherwise.',
  },
  VHOST_USER_PROTOCOL_F_NET_MTU: { bit: 4, meaning: 'The front-end tells the back-end the MTU chosen for the guest.' },
  VHOST_USER_PROTOCOL_F_BACKEND_REQ: {
    bit: 5,
    aliases: ['VHOST_USER_PROTOCOL_F_SLAVE_REQ'],
    meaning: 'A second channel on which the back-end sends requests to the front-end.',
  },
  VHOST_USER_PROTOCOL_F_CROSS_ENDIAN: {
    bit: 6,
    meaning: "The front-end tells the back-end the byte order of a legacy guest's rings.",
    note: 'Needed only for a legacy guest of the other byte order.',
  },
  VHOST_USER_PROTOCOL_F_CRYPTO_SESSION: {
    bit: 7,
    meaning: 'Messages to create and close crypto sessions (virtio-crypto).',
  },
  VHOST_USER_PROTOCOL_F_PAGEFAULT: {
    bit: 8,
    meaning: 'The back-end hands over a userfault descriptor so that memory can follow after the switch.',
    note: 'Needed on the destination for post-copy migration.',
  },
  VHOST_USER_PROTOCOL_F_CONFIG: {
    bit: 9,
    meaning: 'The device configuration space is read and written through the back-end.',
    note: 'When negotiated, the back-end also owns configuration contents that must match after migration.',
  },
  VHOST_USER_PROTOCOL_F_BACKEND_SEND_FD: {
    bit: 10,
    aliases: ['VHOST_USER_PROTOCOL_F_SLAVE_SEND_FD'],
    meaning: 'The back-end may pass file descriptors on its request channel.',
  },
  VHOST_USER_PROTOCOL_F_HOST_NOTIFIER: {
    bit: 11,
    meaning: 'The back-end may expose a host doorbell page to the guest.',
  },
  VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD: {
    bit: 12,
    meaning: 'In-flight descriptors are tracked in shared memory that survives a back-end restart.',
  },
  VHOST_USER_PROTOCOL_F_RESET_DEVICE: { bit: 13, meaning: 'A message that resets the device state in the back-end.' },
  VHOST_USER_PROTOCOL_F_INBAND_NOTIFICATIONS: {
    bit: 14,
    meaning: 'Notifications travel as messages instead of event descriptors.',
  },
  VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS: {
    bit: 15,
    meaning: 'Memory regions are added and removed one at a time, and the back-end says how many it takes.',
    note: "Without it the guest's memory must fit in the fixed table of 8 regions.",
  },
  VHOST_USER_PROTOCOL_F_STATUS: { bit: 16, meaning: 'The device status byte is passed to and read from the back-end.' },
  VHOST_USER_PROTOCOL_F_XEN_MMAP: { bit: 17, meaning: 'Memory regions carry Xen mapping details.' },
  VHOST_USER_PROTOCOL_F_SHARED_OBJECT: {
    bit: 18,
    meaning: 'Back-ends exchange shared objects by identifier through the front-end.',
  },
  VHOST_USER_PROTOCOL_F_DEVICE_STATE: {
    bit: 19,
    meaning: "The back-end's internal state is moved with the virtual machine during migration.",
    note: 'Needed on both sides for stateful back-ends; no network back-end in the table offers it.',
  },
  VHOST_USER_PROTOCOL_F_GET_VRING_BASE_INFLIGHT: {
    bit: 20,
    meaning: 'Stopping a queue may leave requests in flight, to be carried over by the in-flight area.',
    note: 'Only of use where requests are slow to drain (block devices).',
  },
  VHOST_USER_PROTOCOL_F_GPA_ADDRESSES: {
    bit: 21,
    meaning: 'Memory regions and rings are described by guest physical addresses instead of front-end addresses.',
  },
  VHOST_USER_PROTOCOL_F_SHMEM: {
    bit: 22,
    aliases: ['VHOST_USER_PROTOCOL_F_SHMEM_MAP'],
    meaning: "The back-end asks for descriptors to be mapped in the device's shared memory regions.",
  },
} as const satisfies FeatureRows;

export const PROTOCOL = featureFamily('vhost-user protocol', featureBits('protocol', PROTOCOL_ROWS));
