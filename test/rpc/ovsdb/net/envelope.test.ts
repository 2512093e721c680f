import assert from 'node:assert/strict';
import type { Json } from '../../../../rpc/json/json-value.ts';
import {
  EnvelopeError,
  failure,
  notification,
  readMessage,
  request,
  success,
} from '../../../../rpc/ovsdb/wire/envelope.ts';

describe('envelope', () => {
  const reads: { title: string; json: Json; want: object }[] = [
    {
      title: 'a request',
      json: { id: 1, method: 'm', params: [2] },
      want: { kind: 'request', id: 1, method: 'm', params: [2] },
    },
    {
      title: 'any id',
      json: { id: { a: [] }, method: 'm', params: [] },
      want: { kind: 'request', id: { a: [] }, method: 'm', params: [] },
    },
    {
      title: 'an id that is false',
      json: { id: false, method: 'm', params: [] },
      want: { kind: 'request', id: false, method: 'm', params: [] },
    },
    {
      title: 'a notification with id null',
      json: { id: null, method: 'm', params: [] },
      want: { kind: 'notification', method: 'm', params: [] },
    },
    {
      title: 'a notification without id',
      json: { method: 'm', params: [] },
      want: { kind: 'notification', method: 'm', params: [] },
    },
    {
      title: 'null as absent',
      json: { id: 1, method: 'm', params: [], result: null, error: null },
      want: { kind: 'request', id: 1, method: 'm', params: [] },
    },
    {
      title: 'a reply',
      json: { id: 1, result: {}, error: null },
      want: { kind: 'reply', id: 1, result: {}, error: null },
    },
    {
      title: 'a reply without error',
      json: { id: 1, result: 0 },
      want: { kind: 'reply', id: 1, result: 0, error: null },
    },
    {
      title: 'a reply of null',
      json: { id: 1, result: null, error: null },
      want: { kind: 'reply', id: 1, result: null, error: null },
    },
    { title: 'an error reply', json: { id: 1, error: 'e' }, want: { kind: 'reply', id: 1, result: null, error: 'e' } },
    {
      title: 'an error reply of RFC 7047',
      json: { id: 1, error: {}, result: null },
      want: { kind: 'reply', id: 1, result: null, error: {} },
    },
    {
      title: 'what request() writes',
      json: request(1, 'm', [1]),
      want: { kind: 'request', id: 1, method: 'm', params: [1] },
    },
    {
      title: 'what notification() writes',
      json: notification('m', [1]),
      want: { kind: 'notification', method: 'm', params: [1] },
    },
    {
      title: 'what success() writes',
      json: success('x', [1]),
      want: { kind: 'reply', id: 'x', result: [1], error: null },
    },
    {
      title: 'what failure() writes',
      json: failure('x', 'no'),
      want: { kind: 'reply', id: 'x', result: null, error: 'no' },
    },
  ];
  for (const { title, json, want } of reads) it(`reads ${title}`, () => assert.deepEqual(readMessage(json), want));

  const refuses: { title: string; json: Json; message: RegExp }[] = [
    { title: 'an array', json: [], message: /saw an array; wanted an object/ },
    {
      title: 'JSON-RPC 2.0',
      json: { jsonrpc: '2.0', id: 1, method: 'm', params: [] },
      message: /unexpected member "jsonrpc"/,
    },
    {
      title: 'a member __proto__',
      json: JSON.parse('{"__proto__":1,"id":1,"method":"m","params":[]}') as Json,
      message: /unexpected member "__proto__"/,
    },
    {
      title: 'a request without params',
      json: { id: 1, method: 'm' },
      message: /saw nothing as "params"; wanted an array/,
    },
    { title: 'params null', json: { id: 1, method: 'm', params: null }, message: /saw null as "params"/ },
    { title: 'params by name', json: { id: 1, method: 'm', params: {} }, message: /saw an object as "params"/ },
    {
      title: 'a method that is no string',
      json: { id: 1, method: 3, params: [] },
      message: /saw a number as "method"/,
    },
    { title: 'an empty object', json: {}, message: /saw nothing as "method"/ },
    {
      title: 'a request with a result',
      json: { id: 1, method: 'm', params: [], result: 1 },
      message: /request and reply in one/,
    },
    { title: 'result and error', json: { id: 1, result: 1, error: 1 }, message: /both a result and an error/ },
    { title: 'a reply without id', json: { result: 1, error: null }, message: /no id/ },
  ];
  for (const { title, json, message } of refuses) {
    it(`refuses ${title}`, () => {
      assert.throws(
        () => readMessage(json),
        (error) => error instanceof EnvelopeError && message.test(error.message),
      );
    });
  }
});
