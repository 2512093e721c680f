import assert from 'node:assert/strict';
import { writeMemoryTable, writeU64 } from '../../../../agent/vhost/payloads.ts';
import { Driven, does, reply, request } from './driven.ts';

const region = { guestAddress: 0n, size: 4096n, userAddress: 0n, mmapOffset: 0n };
const table = (regions: number) =>
  request('SET_MEM_TABLE', writeMemoryTable(Array.from({ length: regions }, () => region)), 0, regions);
/** ADD_MEM_REG and REM_MEM_REG: eight bytes of padding and a region. */
const one = (name: 'ADD_MEM_REG' | 'REM_MEM_REG') =>
  request(name, writeMemoryTable([region]), 0, name === 'ADD_MEM_REG' ? 1 : 0);

describe('relay session: regions of guest memory', () => {
  it('are counted by the table, and then one by one', () => {
    const session = new Driven();
    assert.equal(session.state.memoryRegions, undefined);
    session.ask(table(3));
    assert.equal(session.state.memoryRegions, 3);
    for (let more = 0; more < 6; more += 1) session.ask(one('ADD_MEM_REG'));
    assert.equal(session.state.memoryRegions, 9);
    session.ask(one('REM_MEM_REG'));
    assert.equal(session.state.memoryRegions, 8);
    session.ask(table(2));
    assert.equal(session.state.memoryRegions, 2);
  });

  it('are not counted from what a front-end confirms in postcopy', () => {
    const session = new Driven();
    session.ask(request('POSTCOPY_LISTEN'));
    session.ask(table(2));
    session.ask(one('ADD_MEM_REG'));
    session.ask(request('SET_MEM_TABLE', writeU64(0n)));
    session.ask(request('ADD_MEM_REG', writeU64(0n)));
    assert.equal(session.state.memoryRegions, 3);
  });

  it('are never fewer than none', () => {
    const session = new Driven();
    session.ask(one('REM_MEM_REG'));
    assert.equal(session.state.memoryRegions, 0);
  });

  it('have a limit that the back-end tells the front-end: it is passed on and remembered', () => {
    const session = new Driven();
    session.ask(request('GET_MAX_MEM_SLOTS'));
    assert.deepEqual(does(session.answer(reply('GET_MAX_MEM_SLOTS', writeU64(509n)))), ['forward']);
    assert.equal(session.state.memorySlots, 509);
  });
});
