import type { Json } from '../../json/json-value.ts';
import { stringifyJson } from '../../json/stringify.ts';
import { type Result, resultJson, SelectedRows } from '../engine/selected-rows.ts';
import type { MonitorKind } from '../monitor/monitor.ts';
import type { MonitorUpdate } from '../monitor/monitor-hub.ts';
import { success, successText } from '../wire/envelope.ts';
import { Pieces } from '../wire/message-output.ts';

/** With more rows than this the text of an answer is made while it is sent. */
const MOST_AT_ONCE = 64;

/** The row of a message that is being sent keeps its former values in use: about the pointers to it. */
const ROW_BYTES = 16;

/** The answer to a transaction. */
export function transactionAnswer(id: Json, results: readonly Result[]): Json | Pieces {
  const rows = results.reduce<number>((sum, one) => sum + (one instanceof SelectedRows ? one.length : 0), 0);
  if (rows <= MOST_AT_ONCE) return success(id, results.map(resultJson));
  return new Pieces(resultPieces(id, results), rows * ROW_BYTES);
}

function* resultPieces(id: Json, results: readonly Result[]): Generator<string, void> {
  yield `{"id":${stringifyJson(id)},"result":`;
  let before = '[';
  for (const result of results) {
    yield before;
    if (result instanceof SelectedRows) yield* result.pieces();
    else yield stringifyJson(result);
    before = ',';
  }
  yield '],"error":null}';
}

/** What a new monitor begins with, and the text before and after it in the result. */
export interface Begun {
  readonly initial: MonitorUpdate;
  readonly before: string;
  readonly after: string;
  /** Sends what must follow the answer at once. */
  next(): void;
}

/** The answer to a request for a monitor. */
export function monitorAnswer(id: Json, { initial, before, after }: Begun): Buffer | Pieces {
  const rows = initial.length;
  if (rows <= MOST_AT_ONCE) return Buffer.from(successText(id, `${before}${initial.text}${after}`));
  const head = `{"id":${stringifyJson(id)},"result":${before}`;
  return new Pieces(around(head, initial, `${after},"error":null}`), rows * ROW_BYTES);
}

/** The notification of a monitor, for an update that only this client gets. */
export function updateMessage(kind: MonitorKind, id: string, update: MonitorUpdate): Buffer | Pieces {
  if (update.length <= MOST_AT_ONCE) return update.message(kind, id);
  return new Pieces(around(update.head(kind, id), update, ']}'), update.length * ROW_BYTES);
}

function* around(before: string, update: MonitorUpdate, after: string): Generator<string, void> {
  yield before;
  yield* update.pieces();
  yield after;
}
