import assert from 'node:assert/strict';
import { maskOf } from '../../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import { askMove, type Side } from './typed-hosts.ts';

const FIXED = maskOf(PROTOCOL, 'MQ', 'LOG_SHMFD', 'REPLY_ACK');
const SLOTS = FIXED | maskOf(PROTOCOL, 'CONFIGURE_MEM_SLOTS');

/** A network card whose guest has so much memory, in regions. */
function guest(memory_regions: number | undefined): Side {
  const known = memory_regions === undefined ? {} : { memory_regions };
  return { type: 'vhost-user-net', queues: 1, rings: [0, 1], protocol: SLOTS, interface: known };
}
const backend = (protocol: bigint, slots?: number): Side => {
  return {
    type: 'vhost-user-net',
    queues: 1,
    protocol,
    ...(slots === undefined ? {} : { limits: { memory_slots: slots } }),
  };
};

describe('check-move: the memory regions of the guest', () => {
  it('are eight at most where the back-end has a fixed table', () => {
    const { possible, obstacles } = askMove(guest(9), backend(FIXED));
    assert.equal(possible, false);
    assert.deepEqual(
      obstacles.map(({ code, text }) => [code, text]),
      [
        [
          'VC-MODE-LIMIT',
          'the back-end of there takes 8 memory regions, the guest has 9: QEMU refuses it there (a used vhost backend has no free memory slots left)',
        ],
      ],
    );
    assert.match(obstacles[0]?.remedy ?? '', /Unplug memory/);
    assert.equal(askMove(guest(8), backend(FIXED)).possible, true);
    assert.equal(askMove(guest(undefined), backend(FIXED)).possible, true);
  });

  it('are as many as the back-end answered, with the protocol feature CONFIGURE_MEM_SLOTS', () => {
    assert.equal(askMove(guest(33), backend(SLOTS, 32)).possible, false);
    assert.equal(askMove(guest(32), backend(SLOTS, 32)).possible, true);
    const unknown = askMove(guest(33), backend(SLOTS));
    assert.equal(unknown.possible, true);
    assert.match(
      unknown.warnings.join(),
      /not known how many memory regions the back-end of there takes.* the guest has 33/,
    );
    const { warnings } = askMove(guest(8), backend(SLOTS));
    assert.deepEqual(
      warnings.filter((text) => text.includes('memory')),
      [],
    );
  });

  it('are those of the table where the version there cuts the protocol feature', () => {
    const cut = { ...backend(SLOTS, 32), entries: [{ version: 'site.cut', protocolFeatures: FIXED }] };
    const [obstacle] = askMove(guest(9), cut).obstacles;
    assert.match(obstacle?.text ?? '', /^the back-end of there would do, but site\.cut, .* takes 8 memory regions/);
    // the back-end takes more already
    assert.equal(
      obstacle?.remedy,
      'Unplug memory from the guest, or use a version of there that does not cut VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS, or define one (`vhost-compat capture --define`).',
    );
  });

  it('count of a disk as well', () => {
    const disk = (side: Side): Side => ({ ...side, type: 'vhost-user-blk' });
    assert.equal(askMove(disk(guest(9)), disk(backend(FIXED))).possible, false);
  });
});
