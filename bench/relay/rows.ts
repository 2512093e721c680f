import { connect } from 'node:net';
import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import type { PortPaths } from './agent-process.ts';

/** Operations in one transaction. */
const MOST = 200;

/** Adds interfaces as rows of the agent's database, many in a transaction: the management API takes one at a time. */
export async function insertInterfaces(socket: string, systemId: string, ports: readonly PortPaths[]): Promise<void> {
  for (let at = 0; at < ports.length; at += MOST) {
    const inserts = ports.slice(at, at + MOST).map(({ name, frontend, backend }, i) => ({
      op: 'insert',
      table: 'Interface',
      'uuid-name': `row${i}`,
      row: { name, device_type: DEFAULT_DEVICE_TYPE, frontend: `listen:${frontend}`, backend: `connect:${backend}` },
    }));
    const added = ['set', inserts.map((insert) => ['named-uuid', insert['uuid-name']])];
    const where = [['system_id', '==', systemId]];
    const adopt = { op: 'mutate', table: 'Host', where, mutations: [['interfaces', 'insert', added]] };
    const answer = await transact(socket, [...inserts, adopt]);
    if (answer.includes('"error":"')) throw new Error(`the interfaces were not added: ${answer.slice(0, 500)}`);
  }
}

/** One transaction on a connection of its own; gives the answer as it came. */
async function transact(socket: string, operations: readonly object[]): Promise<string> {
  const connection = connect(socket).setEncoding('utf8');
  let answer = '';
  try {
    connection.write(JSON.stringify({ id: 0, method: 'transact', params: ['Vhost_Compat', ...operations] }));
    for await (const text of connection) {
      answer += text as string;
      if (isWhole(answer)) return answer;
    }
    throw new Error(`the database hung up after ${answer.length} characters of its answer`);
  } finally {
    connection.destroy();
  }
}

function isWhole(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
