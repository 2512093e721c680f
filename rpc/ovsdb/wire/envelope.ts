/**
 * The messages of RFC 7047, section 4, a variant of JSON-RPC 1.0: no `jsonrpc` member, `error` is null beside a result, errors
 * have any shape, and requests go both ways on one stream. null counts as absent for `id`, `result` and `error`. As with
 * ovsdb-server, a message of another shape ends the connection.
 */

import { isJsonObject, type Json, type JsonObject, jsonTypeName } from '../../json/json-value.ts';
import { stringifyJson } from '../../json/stringify.ts';

export interface RpcRequest {
  readonly kind: 'request';
  readonly id: Json;
  readonly method: string;
  readonly params: Json[];
}

/** A request without id, which gets no answer. */
export interface RpcNotification {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: Json[];
}

/** `error` is null when the request succeeded. */
export interface Reply {
  readonly kind: 'reply';
  readonly id: Json;
  readonly result: Json;
  readonly error: Json;
}

export type RpcMessage = RpcRequest | RpcNotification | Reply;

/** A JSON value that is no message; the connection must be closed. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';
}

const MEMBERS: ReadonlySet<string> = new Set(['id', 'method', 'params', 'result', 'error']);

/** @throws EnvelopeError */
export function readMessage(value: Json): RpcMessage {
  if (!isJsonObject(value))
    throw new EnvelopeError(`Cannot read message: saw ${jsonTypeName(value)}; wanted an object`);
  const unknown = Object.keys(value).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) throw new EnvelopeError(`Cannot read message: it has the unexpected member "${unknown}"`);
  const { id = null, result = null, error = null } = value;
  const isReply = result !== null || error !== null || ('result' in value && !('method' in value));
  return isReply ? readReply(value, id, result, error) : readRequest(value, id);
}

function readRequest(value: JsonObject, id: Json): RpcRequest | RpcNotification {
  const { method, params } = value;
  if (typeof method !== 'string')
    throw new EnvelopeError(`Cannot read message: saw ${jsonTypeName(method)} as "method"; wanted a string`);
  if (!Array.isArray(params))
    throw new EnvelopeError(`Cannot read message: saw ${jsonTypeName(params)} as "params"; wanted an array`);
  return id === null ? { kind: 'notification', method, params } : { kind: 'request', id, method, params };
}

function readReply(value: JsonObject, id: Json, result: Json, error: Json): Reply {
  if ('method' in value || 'params' in value)
    throw new EnvelopeError('Cannot read message: it is request and reply in one');
  if (result !== null && error !== null)
    throw new EnvelopeError('Cannot read message: the reply has both a result and an error');
  if (id === null) throw new EnvelopeError('Cannot read message: the reply has no id');
  return { kind: 'reply', id, result, error };
}

export function request(id: Json, method: string, params: Json[]): Json {
  return { id, method, params };
}

export function notification(method: string, params: Json[]): Json {
  return { id: null, method, params };
}

export function success(id: Json, result: Json): Json {
  return { id, result, error: null };
}

/** The text of `success`, for a serialised result. */
export function successText(id: Json, result: string): string {
  return `{"id":${stringifyJson(id)},"result":${result},"error":null}`;
}

/** Without a `result` member, as ovsdb-server answers; RFC 7047 would have it null. */
export function failure(id: Json, error: Json): Json {
  return { id, error };
}
