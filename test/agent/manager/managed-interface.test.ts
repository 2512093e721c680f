import assert from 'node:assert/strict';
import { ManagedInterface } from '../../../agent/manager/managed-interface.ts';
import type { InterfaceFacts } from '../../../agent/orders/facts.ts';
import type { InterfaceRow } from '../../../rpc/state/read-rows.ts';
import { entryOf, OVS_2_13 } from '../support.ts';

describe('a pin', () => {
  it('is taken up though a change of status of the same row came before it was looked at', () => {
    const [v1, v2] = [entryOf({ version: 'v1' }), entryOf({ version: 'v2', digest: '2'.repeat(64) })];
    const row = {
      ...{ uuid: 'u', name: 'p', deviceType: 'vhost-user-net', version: 'v1', peer: new Map() },
      ...{ frontend: 'listen:/nonexistent/f', backend: 'connect:/nonexistent/b' },
    } as unknown as InterfaceRow;
    const shown: unknown[] = [];
    const managed = new ManagedInterface(row, {
      ...{ entries: () => [v1, v2], hostDefault: () => undefined, event: () => {}, backendsChanged: () => {} },
      ...{ changed: () => {}, author: () => 'somebody', remember: () => {} },
      write: (_uuid, columns) => shown.push(JSON.stringify(columns['next_start'])),
    });
    const facts: InterfaceFacts = {
      ...{ state: 'waiting-frontend', since: 1, ringSizes: new Map(), statistics: {}, abilities: OVS_2_13 },
    };
    managed.reported(facts);
    assert.match(String(shown.at(-1)), /v1/);
    const pinned = { ...row, version: 'v2' };
    managed.refresh(pinned);
    managed.update(pinned);
    assert.match(String(shown.at(-1)), /v2/);
  });
});
