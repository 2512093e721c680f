import assert from 'node:assert/strict';
import { groupId, userId } from '../../base/system-ids.ts';

describe('a group of the system', () => {
  it('is given by name or number', () => {
    assert.equal(groupId('root'), 0);
    assert.equal(groupId('64055'), 64_055);
    assert.equal(groupId(4_294_967_294), 4_294_967_294);
  });

  it('of a wrong name is refused with the names that are near', () => {
    assert.throws(
      () => groupId('roott'),
      /^Error: saw "roott", which is no group in \/etc\/group; did you mean "root"\?$/,
    );
    assert.throws(() => groupId('nobody knows this group'), /there are root, /);
  });

  it('is no other number and no other value', () => {
    assert.throws(() => groupId('4294967295'), /saw 4294967295; wanted a whole number from 0 to 4294967294$/);
    assert.throws(() => groupId(-1), /saw -1; wanted a whole number/);
    assert.throws(() => groupId(''), /saw ""; wanted the name or the number of a group$/);
    assert.throws(() => groupId([]), /saw \[\]; wanted the name/);
  });
});

describe('a user by name or number', () => {
  it('has the numbers that the system knows it by', () => {
    assert.deepEqual(userId('root'), { uid: 0, gid: 0 });
    assert.deepEqual(userId('0'), { uid: 0, gid: 0 });
  });

  it('is refused when the system does not have it, with one that may have been meant', () => {
    assert.throws(
      () => userId('roott'),
      /^Error: saw "roott", which is no user in \/etc\/passwd; did you mean "root"\?$/,
    );
    assert.throws(() => userId('4294967290'), /which is no user/);
    for (const wrong of ['', 7, undefined])
      assert.throws(() => userId(wrong), /wanted the name or the number of a user/);
  });
});
