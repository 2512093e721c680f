import { abort } from './abort.ts';
import { assertLock } from './assert.ts';
import { comment } from './comment.ts';
import { commit } from './commit.ts';
import { deleteRows } from './delete.ts';
import { insert } from './insert.ts';
import { mutate } from './mutate.ts';
import type { Operation } from './operation.ts';
import { selectRows } from './select-rows.ts';
import { update } from './update.ts';
import { wait } from './wait.ts';

/** The operations of RFC 7047, section 5.2, by their name on the wire. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['insert', insert],
  ['select', selectRows],
  ['update', update],
  ['mutate', mutate],
  ['delete', deleteRows],
  ['wait', wait],
  ['commit', commit],
  ['abort', abort],
  ['comment', comment],
  ['assert', assertLock],
]);
