import type { RowChange } from '../../rpc/ovsdb/client/replica.ts';

/** The columns that the agent writes: when nothing else changes there is nothing to bring together. */
const STATUS: Readonly<Record<string, ReadonlySet<string>>> = {
  Host: new Set([
    'hostname',
    'agent_version',
    'backend',
    'backend_features',
    'backend_protocol_features',
    'backend_limits',
    'cur_cfg',
  ]),
  Interface: new Set([
    'state',
    'in_force',
    'next_start',
    'backend_features',
    'backend_protocol_features',
    'backend_limits',
    'offered_features',
    'acked_features',
    'acked_protocol_features',
    'queue_pairs',
    'ring_sizes',
    'error',
    'error_detail',
    'since',
    'peer',
    'statistics',
  ]),
};

/** Whether a change is one of status only, such as we make ourselves. */
export function isStatusOnly({ table, kind, columns }: RowChange): boolean {
  const status = STATUS[table];
  return kind === 'modify' && status !== undefined && columns.every((column) => status.has(column));
}
