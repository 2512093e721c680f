import assert from 'node:assert/strict';
import { type DecodedPayload, decodePayload } from '../../../agent/vhost/decode.ts';
import { type TracedMessage, traceLine } from '../../../agent/vhost/trace-line.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';

const NET = 'vhost-user-net';

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

function traced(request: number, flags: number, payload: string, more: Partial<TracedMessage> = {}): TracedMessage {
  const from = (flags & 4) === 0 ? 'front-end' : 'back-end';
  return { time: 1, from, request, flags, payload: hex(payload), descriptors: 0, verdict: 'forwarded', ...more };
}

/** Guest address, size, address in the front-end, offset: 512 MiB at places that must not be told. */
const REGION = '0000adde00000000 0000002000000000 0000efbe00000000 0000fecaefbe0000';

describe('vhost-user trace, what a payload says', () => {
  const cases: { title: string; message: TracedMessage; text: string; payload: Omit<DecodedPayload, 'bytes'> }[] = [
    { title: 'a question', message: traced(1, 1, ''), text: '-', payload: {} },
    {
      title: 'virtio features',
      message: traced(2, 1, '0080000001000000'),
      text: '0x100008000 MRG_RXBUF VERSION_1',
      payload: { mask: '0x100008000', features: ['VIRTIO_NET_F_MRG_RXBUF', 'VIRTIO_F_VERSION_1'] },
    },
    {
      title: 'no feature at all',
      message: traced(2, 1, '00'.repeat(8)),
      text: '0x0',
      payload: { mask: '0x0', features: [] },
    },
    {
      title: 'a bit without a name',
      message: traced(1, 5, '0000000000400000'),
      text: '0x400000000000 bit-46',
      payload: { mask: '0x400000000000', features: ['bit 46'] },
    },
    {
      title: 'protocol features, which are no virtio features',
      message: traced(16, 1, '0900000000000000'),
      text: '0x9 MQ REPLY_ACK',
      payload: { mask: '0x9', features: ['VHOST_USER_PROTOCOL_F_MQ', 'VHOST_USER_PROTOCOL_F_REPLY_ACK'] },
    },
    { title: 'a number of queues', message: traced(17, 5, '8000000000000000'), text: '128', payload: { value: '128' } },
    {
      title: 'an acknowledgement',
      message: traced(18, 5, '0000000000000000'),
      text: 'done',
      payload: { value: '0', succeeded: true },
    },
    {
      title: 'an acknowledgement of failure over the full width',
      message: traced(5, 5, 'ffffffffffffffff'),
      text: 'failed (18446744073709551615)',
      payload: { value: '18446744073709551615', succeeded: false },
    },
    {
      title: 'the size of a ring',
      message: traced(8, 1, '0100000000010000'),
      text: 'ring 1 size 256',
      payload: { ring: 1, ring_size: 256 },
    },
    {
      title: 'the index of a ring over its full width',
      message: traced(8, 1, 'ffffffff00010000'),
      text: 'ring 4294967295 size 256',
      payload: { ring: 4294967295, ring_size: 256 },
    },
    {
      title: 'the base of a ring',
      message: traced(11, 5, '0200000007000000'),
      text: 'ring 2 base 7',
      payload: { ring: 2, base: 7 },
    },
    { title: 'the question for it', message: traced(11, 1, '0200000000000000'), text: 'ring 2', payload: { ring: 2 } },
    {
      title: 'a ring that is enabled',
      message: traced(18, 9, '0300000001000000'),
      text: 'ring 3 enabled',
      payload: { ring: 3, enabled: true },
    },
    {
      title: 'a ring that is disabled',
      message: traced(18, 9, '0300000000000000'),
      text: 'ring 3 disabled',
      payload: { ring: 3, enabled: false },
    },
    {
      title: 'a ring with its descriptor',
      message: traced(13, 1, '0100000000000000', { descriptors: 1 }),
      text: 'ring 1',
      payload: { ring: 1, polled: false },
    },
    {
      title: 'a ring that is polled',
      message: traced(12, 1, '0101000000000000'),
      text: 'ring 1 polled',
      payload: { ring: 1, polled: true },
    },
    {
      title: 'index and flags of ring addresses, and no address',
      message: traced(9, 1, `0100000001000000 ${'efbeadde00000000'.repeat(4)}`),
      text: 'ring 1 flags 0x1',
      payload: { ring: 1, address_flags: 1 },
    },
    {
      title: 'the sizes of memory, and no address',
      message: traced(5, 9, `0200000000000000 ${REGION} ${REGION}`, { descriptors: 2 }),
      text: 'regions 2 512MiB 512MiB',
      payload: { regions: 2, region_bytes: ['536870912', '536870912'] },
    },
    {
      title: 'regions as Xen has them',
      message: traced(5, 1, `0100000000000000 ${REGION} ffffffffffffffff`),
      text: 'regions 1 512MiB',
      payload: { regions: 1, region_bytes: ['536870912'] },
    },
    {
      title: 'one more region',
      message: traced(37, 1, `0000000000000000 ${REGION}`),
      text: 'regions 1 512MiB',
      payload: { regions: 1, region_bytes: ['536870912'] },
    },
    {
      title: 'a size that is no round number',
      message: traced(6, 1, '0110000000000000 0000000000000000'),
      text: 'log 4097B',
      payload: { log_bytes: '4097' },
    },
    { title: 'an empty reply', message: traced(6, 5, ''), text: '-', payload: {} },
    { title: 'an MTU', message: traced(20, 1, 'dc05000000000000'), text: '1500', payload: { value: '1500' } },
    { title: "not the guest's MAC", message: traced(19, 1, '5254001234560000'), text: '8 bytes', payload: {} },
    { title: 'not the configuration space', message: traced(24, 5, 'deadbeefdeadbeef'), text: '8 bytes', payload: {} },
    { title: 'not what is written there', message: traced(25, 1, 'deadbeefdeadbeef'), text: '8 bytes', payload: {} },
    { title: 'not what nobody knows', message: traced(999, 1, 'deadbeefdeadbeef'), text: '8 bytes', payload: {} },
    { title: 'nor a reply to that', message: traced(999, 5, 'deadbeefdeadbeef'), text: '8 bytes', payload: {} },
  ];
  for (const { title, message, text, payload } of cases) {
    it(title, () => {
      const line = traceLine(message, NET);
      assert.equal(line.text, text);
      assert.deepEqual(line.payload, { bytes: message.payload.length, ...payload });
      assert.doesNotMatch(JSON.stringify(line), /dead|beef|5254|3735928559/i);
    });
  }

  it('tells no more than the size of a payload that is too short or too long, whatever the message', () => {
    for (let request = 0; request < 64; request += 1) {
      for (const reply of [false, true]) {
        for (const length of [1, 7, 9, 11, 39, 41]) {
          const payload = new Uint8Array(length).fill(0xff);
          const { bytes, regions, ...rest } = decodePayload({ request, reply, payload }, VIRTIO_NET);
          assert.equal(bytes, length);
          assert.deepEqual(rest, {}, `request ${request} with ${length} bytes`);
          // The count that a table of memory claims is told even when it is wrong.
          assert.ok(regions === undefined || request === 5);
        }
      }
    }
  });

  it('leaves the MAC out of a log line too', () => {
    const payload = hex('5254001234560000');
    const rarp = {
      time: 0,
      from: 'front-end',
      request: 19,
      flags: 1,
      payload,
      descriptors: 0,
      verdict: 'forwarded',
    } as const;
    assert.equal(traceLine(rarp, 'vhost-user-net').text, '8 bytes');
  });
});

describe('vhost-user trace, what became of a message', () => {
  it('names what was masked away, and nothing that was not', () => {
    const changedTo = hex('caa7667c0d000000');
    const line = traceLine(traced(1, 5, 'cba7667c0d000000', { verdict: 'changed', changedTo }), NET);
    assert.equal(line.text, '0xd7c66a7cb -> 0xd7c66a7ca; masked away: CSUM');
    assert.deepEqual(line.changed_to?.removed, ['VIRTIO_NET_F_CSUM']);
    assert.deepEqual(line.changed_to?.added, []);
    assert.equal(line.payload.features?.length, (line.changed_to?.features?.length ?? 0) + 1);
  });

  it('names what was added, in the names of the protocol for protocol features', () => {
    const changedTo = hex('0300000000000000');
    const line = traceLine(traced(15, 5, '0900000000000000', { verdict: 'changed', changedTo }), NET);
    assert.equal(line.text, '0x9 -> 0x3; masked away: REPLY_ACK; added: LOG_SHMFD');
  });

  it('shows both numbers of a limit', () => {
    const changedTo = hex('1000000000000000');
    const line = traceLine(traced(17, 5, '8000000000000000', { verdict: 'changed', changedTo }), NET);
    assert.equal(line.text, '128 -> 16');
    assert.equal(line.changed_to?.value, '16');
    assert.equal(line.changed_to?.removed, undefined);
  });

  it('shows an answer of ours beside the request', () => {
    const changedTo = hex('0100000000000000');
    const line = traceLine(traced(8, 9, '0000000000800000', { verdict: 'answered', changedTo }), NET);
    assert.equal(line.text, 'ring 0 size 32768; answered failed (1)');
    assert.equal(line.changed_to?.succeeded, false);
  });

  it('says who sent it, how it was marked, and how many descriptors came', () => {
    const { time, from, request, name, flags, reply, need_reply, descriptors, verdict } = traceLine(
      traced(5, 9, '0000000000000000', { descriptors: 3, verdict: 'refused', time: 77 }),
      NET,
    );
    assert.deepEqual(
      { time, from, request, name, flags, reply, need_reply, descriptors, verdict },
      {
        ...{ time: 77, from: 'front-end', request: 5, name: 'SET_MEM_TABLE', flags: 9, reply: false },
        ...{ need_reply: true, descriptors: 3, verdict: 'refused' },
      },
    );
  });

  it('has no net names for a device that is none', () => {
    assert.equal(traceLine(traced(2, 1, '0080000001000000'), 'vhost-user-blk').text, '0x100008000 LIFETIME VERSION_1');
  });
});
