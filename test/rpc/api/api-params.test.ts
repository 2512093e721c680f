import assert from 'node:assert/strict';
import { ParamsError, readParams } from '../../../rpc/api/api-params.ts';
import {
  array,
  boolean,
  type Check,
  hexMask,
  integer,
  number,
  object,
  oneOf,
  openObject,
  record,
  string,
} from '../../../rpc/json/shape.ts';

const person = object({ name: string }, { age: integer, tags: array(string, 2) });

const accepted: readonly { title: string; check: Check<unknown>; value: unknown; want?: unknown }[] = [
  { title: 'a string', check: string, value: 'x' },
  { title: 'false', check: boolean, value: false },
  { title: 'a number with a fraction', check: number, value: 1.5 },
  { title: 'the largest exact integer', check: integer, value: Number.MAX_SAFE_INTEGER },
  { title: 'a mask, in lower case', check: hexMask, value: '0xD7C66A7CA', want: '0xd7c66a7ca' },
  { title: 'one of two words', check: oneOf('a', 'b'), value: 'b' },
  { title: 'an array', check: array(number), value: [1, 2] },
  { title: 'an object used as a map', check: record(integer), value: { queue_pairs: 8 } },
  { title: 'a required member alone', check: person, value: { name: 'n' } },
  { title: 'optional members too', check: person, value: { name: 'n', age: 3, tags: ['x'] } },
  {
    title: 'unknown members of an open object, leaving them out',
    check: openObject({ a: string }),
    value: { a: 'x', b: 1 },
    want: { a: 'x' },
  },
  { title: 'absent params as those of a call without any', check: object({}), value: undefined, want: {} },
];

const refused: readonly { title: string; check: Check<unknown>; value: unknown; want: string }[] = [
  { title: 'a number for a string', check: string, value: 1, want: 'Cannot read params: expected a string, got 1' },
  {
    title: 'a word for a boolean',
    check: boolean,
    value: 'true',
    want: 'Cannot read params: expected true or false, got "true"',
  },
  {
    title: 'a fraction for an integer',
    check: integer,
    value: 1.5,
    want: 'Cannot read params: expected a whole number, got 1.5',
  },
  {
    title: 'an integer that is not exact',
    check: integer,
    value: 2 ** 53,
    want: 'Cannot read params: expected a whole number, got 9007199254740992',
  },
  {
    title: 'a decimal mask',
    check: hexMask,
    value: '123',
    want: 'Cannot read params: expected a mask such as "0x130008000", got "123"',
  },
  {
    title: 'a mask as a number',
    check: hexMask,
    value: 123,
    want: 'Cannot read params: expected a mask such as "0x130008000", got 123',
  },
  {
    title: 'a word that is none of the words',
    check: oneOf('a', 'b'),
    value: 'c',
    want: 'Cannot read params: expected "a" or "b", got "c"',
  },
  {
    title: 'an object for an array',
    check: array(string),
    value: {},
    want: 'Cannot read params: expected an array, got an object',
  },
  {
    title: 'a wrong item, by its place',
    check: array(string),
    value: ['x', null],
    want: 'Cannot read params[1]: expected a string, got null',
  },
  {
    title: 'an array for an object',
    check: person,
    value: [],
    want: 'Cannot read params: expected an object, got an array',
  },
  {
    title: 'a missing member',
    check: person,
    value: {},
    want: 'Cannot read params.name: expected a string, got nothing',
  },
  {
    title: 'an unknown member',
    check: person,
    value: { name: 'n', agee: 1 },
    want: 'Cannot read params: member "agee" is not known here',
  },
  {
    title: 'a wrong member inside',
    check: person,
    value: { name: 'n', tags: ['a', 2] },
    want: 'Cannot read params.tags[1]: expected a string, got 2',
  },
  {
    title: 'too many items',
    check: person,
    value: { name: 'n', tags: ['a', 'b', 'c'] },
    want: 'Cannot read params.tags: expected at most 2 items, got 3',
  },
  {
    title: 'what every object inherits, as a member',
    check: object({ constructor: string }),
    value: {},
    want: 'Cannot read params.constructor: expected a string, got nothing',
  },
];

describe('checks of parameters', () => {
  for (const { title, check, value, want = value } of accepted) {
    it(`accept ${title}`, () => assert.deepEqual(readParams(check, value), want));
  }

  for (const { title, check, value, want } of refused) {
    it(`refuse ${title}`, () => {
      assert.throws(
        () => readParams(check, value),
        (error: unknown) => {
          assert.ok(error instanceof ParamsError);
          assert.equal(error.message, want);
          return true;
        },
      );
    });
  }
});
