import assert from 'node:assert/strict';
import { TruncatedError } from '../../../../agent/fd/libc-message.ts';
import { ownDescriptors } from '../../../../agent/relay/link/own-descriptors.ts';
import type { DescriptorBounds } from '../../../../agent/vhost/check-message.ts';

const NONE: DescriptorBounds = [0, 0];
const ONE: DescriptorBounds = [1, 1];
const UP_TO_ONE: DescriptorBounds = [0, 1];
const ANY: DescriptorBounds = [0, 8];

describe('whose descriptors came with a peek', () => {
  const cases: {
    title: string;
    bounds: DescriptorBounds;
    seen: number;
    alone?: true;
    truncated?: true;
    want: ReturnType<typeof ownDescriptors>;
  }[] = [
    { title: 'none came', bounds: NONE, seen: 0, want: { own: 0 } },
    { title: 'none came, though some are wanted', bounds: ONE, seen: 0, want: { own: 0 } },
    { title: 'alone: all are its own', bounds: ANY, seen: 3, alone: true, want: { own: 3 } },
    { title: 'alone: also those that break the rules', bounds: NONE, seen: 3, alone: true, want: { own: 3 } },
    { title: 'not alone, and none may be its own', bounds: NONE, seen: 2, want: { own: 0 } },
    { title: 'not alone, and exactly one is due', bounds: ONE, seen: 1, want: { own: 1 } },
    { title: 'not alone, one is due, two came', bounds: ONE, seen: 2, want: { own: 2 } },
    { title: 'not alone, and it may have some or none', bounds: UP_TO_ONE, seen: 1, want: 'unclear' },
    { title: 'not alone, and it may have any number', bounds: ANY, seen: 8, want: 'unclear' },
    { title: 'no room for those that it needs', bounds: ONE, seen: 0, truncated: true, want: 'starved' },
    { title: 'the same, alone', bounds: ONE, seen: 0, alone: true, truncated: true, want: 'starved' },
    { title: 'no room for some that it may have', bounds: ANY, seen: 8, truncated: true, want: 'starved' },
    { title: 'too many for any message', bounds: ANY, seen: 9, alone: true, truncated: true, want: { own: 9 } },
    {
      title: 'some where none belong, cut off',
      bounds: NONE,
      seen: 64,
      alone: true,
      truncated: true,
      want: { own: 64 },
    },
    { title: 'those of the next message, cut off', bounds: NONE, seen: 0, truncated: true, want: { own: 0 } },
  ];
  for (const { title, bounds, seen, alone = false, truncated = false, want } of cases) {
    it(title, () => {
      assert.deepEqual(ownDescriptors(bounds, seen, alone, truncated), want);
    });
  }

  it('cannot tell when some were dropped of a message that stands alone and has none by the rules', () => {
    assert.throws(() => ownDescriptors(NONE, 0, true, true), TruncatedError);
  });
});
