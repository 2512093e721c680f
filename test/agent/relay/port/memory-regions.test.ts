import assert from 'node:assert/strict';
import { MEM_SLOTS } from '../../../../compat-tables/bits/named-masks.ts';
import { benchForEach, Hooks, OVS_3_2, until, untilState } from '../../support.ts';

describe('the memory regions of a port', () => {
  const bench = benchForEach();

  it('are in its status, and how many its back-end takes, which is measured', async () => {
    const protocolFeatures = OVS_3_2.protocolFeatures | MEM_SLOTS;
    await bench.backend({ abilities: { ...OVS_3_2, protocolFeatures, limits: { queue_pairs: 2, memory_slots: 32 } } });
    const port = bench.port(new Hooks());
    const frontend = await bench.frontend();
    await frontend.negotiate();
    await untilState(port, 'negotiated');
    assert.equal(port.status.memoryRegions, 1);
    assert.deepEqual(port.status.abilities?.limits, { queue_pairs: 2, memory_slots: 32 });
    assert.equal(await frontend.askU64('GET_MAX_MEM_SLOTS'), 32n);
    assert.deepEqual(port.status.abilities?.limits, { queue_pairs: 2, memory_slots: 32 });
    frontend.close();
    await until('the port waits for the next front-end', () => port.status.state === 'waiting-frontend');
  });
});
