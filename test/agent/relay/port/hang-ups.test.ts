import assert from 'node:assert/strict';
import type { MockBackend, MockBackendOptions } from '../../../../agent/mock/mock-backend.ts';
import type { PortEvent } from '../../../../agent/relay/port/port-status.ts';
import { readVringState, writeU64, writeVringState } from '../../../../agent/vhost/payloads.ts';
import { REQUESTS, type RequestName } from '../../../../compat-tables/protocol/requests.ts';
import { benchForEach, Hooks, until } from '../../support.ts';

/** A back-end that hangs up, or says nothing, at a request. */
const at = (name: RequestName, then: 'hang up' | 'be silent'): MockBackendOptions => ({
  reconnectMs: 10,
  intercept: ({ request }, connection) => {
    if (request !== REQUESTS[name].id) return false;
    if (then === 'hang up') connection.close();
    return true;
  },
});

describe('the event of a side that hangs up', () => {
  const bench = benchForEach();
  const served = async (options: MockBackendOptions = { reconnectMs: 10 }): Promise<[Hooks, MockBackend]> => {
    const backend = await bench.backend({}, options);
    const hooks = new Hooks();
    bench.port(hooks);
    return [hooks, backend];
  };
  const told = async (hooks: Hooks, kind: PortEvent['kind']): Promise<PortEvent> => {
    const found = () => hooks.events.find((one) => one.kind === kind);
    await until(kind, () => found() !== undefined);
    return found() ?? assert.fail();
  };

  it('names the request over which a back-end hung up, with ring and value', async () => {
    const [hooks] = await served(at('SET_VRING_NUM', 'hang up'));
    const frontend = await bench.frontend();
    await frontend.negotiateProtocol();
    frontend.tell('SET_VRING_NUM', writeVringState({ index: 0, num: 1024 }));
    const { text, details } = await told(hooks, 'backend-lost');
    assert.equal(text, 'The back-end hung up after SET_VRING_NUM (ring 0, 1024)');
    assert.equal(details['after'], 'SET_VRING_NUM (ring 0, 1024)');
    assert.equal(details['unanswered'], undefined);
  });

  it('begins with the first request since its last reply, when others were sent behind it', async () => {
    const [hooks] = await served({
      intercept: ({ request, payload }, connection) => {
        if (request !== REQUESTS.SET_VRING_NUM.id || readVringState(payload).num !== 1024) return false;
        connection.close();
        return true;
      },
    });
    const frontend = await bench.frontend();
    await frontend.negotiateProtocol();
    frontend.startRing(0, 1024);
    const { text, details } = await told(hooks, 'backend-lost');
    assert.match(text, /^The back-end hung up after SET_VRING_NUM \(ring 0, 1024\)(, SET_VRING_BASE \(ring 0, 0\)|$)/);
    assert.match(String(details['after']), /^SET_VRING_\w+ \(ring 0/);
  });

  it('names the request that got no reply', async () => {
    const [hooks] = await served(at('GET_VRING_BASE', 'hang up'));
    const frontend = await bench.frontend();
    await frontend.negotiate();
    frontend.tell('GET_VRING_BASE', writeVringState({ index: 1, num: 0 }));
    const { text, details } = await told(hooks, 'backend-lost');
    assert.equal(text, 'The back-end hung up without a reply to GET_VRING_BASE (ring 1)');
    assert.equal(details['unanswered'], 'GET_VRING_BASE (ring 1)');
  });

  it('names what a front-end said last, and that it left without an answer', async () => {
    const [hooks] = await served(at('GET_VRING_BASE', 'be silent'));
    const frontend = await bench.frontend();
    await frontend.negotiate();
    frontend.tell('GET_VRING_BASE', writeVringState({ index: 1, num: 0 }));
    frontend.close();
    const { text } = await told(hooks, 'frontend-left');
    assert.equal(text, 'The front-end is gone after GET_VRING_BASE (ring 1), which the back-end had not answered');
  });

  it('names the features that were accepted last', async () => {
    const [hooks, backend] = await served();
    const frontend = await bench.frontend();
    const { features } = await frontend.negotiateProtocol();
    frontend.tell('SET_FEATURES', writeU64(features));
    await until('it is there', () => backend.devices[0]?.acked === features);
    backend.hangUp();
    assert.match((await told(hooks, 'backend-lost')).text, /^The back-end hung up after SET_FEATURES \(0x[0-9a-f]+\)$/);
  });

  it('names nothing where nothing was said', async () => {
    const [hooks, backend] = await served();
    await told(hooks, 'measured');
    backend.hangUp();
    const { text, details } = await told(hooks, 'backend-lost');
    assert.deepEqual([text, details], ['The back-end hung up', {}]);
  });

  for (const { what, code } of [
    { what: 'hang up', code: 'VC-VHOST-GONE' },
    { what: 'be silent', code: 'VC-VHOST-TIMEOUT' },
  ] as const) {
    it(`names the question that a back-end did not answer: ${code}`, async () => {
      await bench.backend({}, at('GET_PROTOCOL_FEATURES', what));
      const hooks = new Hooks();
      bench.port(hooks, {}, 100);
      const fault = await told(hooks, 'fault');
      assert.equal(fault.code, code);
      assert.match(fault.text, /^Cannot measure the back-end of p: it .* answer(ed)? GET_PROTOCOL_FEATURES/);
    });
  }

  it('says what a back-end that breaks the protocol had been asked', async () => {
    const [hooks] = await served({
      reconnectMs: 10,
      intercept: ({ request }, connection) => {
        if (request !== REQUESTS.SET_VRING_NUM.id) return false;
        connection.write(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
        return true;
      },
    });
    const frontend = await bench.frontend();
    await frontend.negotiateProtocol();
    frontend.tell('SET_VRING_NUM', writeVringState({ index: 2, num: 64 }));
    const { code, details } = await told(hooks, 'fault');
    assert.deepEqual([code, details['after']], ['VC-VHOST-SIZE', 'SET_VRING_NUM (ring 2, 64)']);
  });
});
