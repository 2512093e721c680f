import * as codec from './codec.ts';
import { free, intent, status, table } from './column.ts';

/** The table Interface: one vhost-user port of a host. */
export const INTERFACE = table({
  name: intent(codec.text, 'Unique on the host: 1 to 63 letters, digits or characters of `_ . : -`.'),
  device_type: intent(codec.text, 'The name space of the versions that it can have: `vhost-user-net` as a rule.'),
  frontend: intent(codec.text, 'The endpoint towards QEMU: `listen:PATH` or `connect:PATH`.'),
  backend: intent(codec.text, 'The endpoint towards the switch: `listen:PATH` or `connect:PATH`.'),
  version: intent(
    codec.optionalText,
    "The pin, in force from the next start of the front-end process; absent: the host's default.",
    { heading: 'pin' },
  ),
  state: status(
    codec.text,
    '`waiting-backend`, `measuring`, `refused` (no version can be offered), `waiting-frontend`, `connected`, `negotiated`, `stopped` (the agent ended) or `error`.',
  ),
  in_force: status(
    codec.optionalText,
    'The version that the front-end process has; it stays while that process lives.',
  ),
  next_start: status(
    codec.optionalText,
    'The version that the next front-end process will get; absent: none can be offered.',
  ),
  backend_features: status(
    codec.optionalMask,
    'The virtio features that its back-end answered; absent: never measured.',
    { property: 'virtioFeatures', of: 'abilities', keeps: 'measured' },
  ),
  backend_protocol_features: status(codec.optionalMask, 'The protocol features that its back-end answered.', {
    property: 'protocolFeatures',
    of: 'abilities',
    keeps: 'measured',
  }),
  backend_limits: status(
    codec.limits,
    'The limits of its back-end, by name: `queue_pairs`, `ring_size`, `memory_slots`.',
    {
      property: 'limits',
      of: 'abilities',
      keeps: 'measured',
    },
  ),
  offered_features: status(codec.optionalMask, 'The virtio features that the front-end was offered.', {
    keeps: 'negotiated',
  }),
  acked_features: status(codec.optionalMask, 'The virtio features that the front-end acknowledged.', {
    keeps: 'negotiated',
  }),
  acked_protocol_features: status(codec.optionalMask, 'The protocol features that the front-end acknowledged.', {
    keeps: 'negotiated',
  }),
  queue_pairs: status(
    codec.optionalInteger,
    'The queues that the front-end has, as the device type counts them: pairs of a network device, single queues of any other.',
    { keeps: 'negotiated' },
  ),
  ring_sizes: status(codec.integersByIndex, 'The descriptors of each ring, by its index.', { keeps: 'negotiated' }),
  memory_regions: status(
    codec.optionalInteger,
    'The regions of guest memory that the front-end shares with the back-end.',
    { heading: false, keeps: 'negotiated' },
  ),
  error: status(codec.optionalText, 'A code of [errors.md](errors.md).'),
  error_detail: status(
    codec.optionalText,
    'The sentence that goes with `error`; without one, what the interface waits for.',
  ),
  since: status(codec.optionalTime, 'When `state` was entered.'),
  peer: status(
    codec.namedTexts,
    'The front-end process that has the version in force, so that the agent knows it again: `pid`, `start_time`, `boot_id`, `socket`, and the `digest` of the version.',
  ),
  statistics: status(codec.counters, 'Counters of the port. They are written along with other changes only.', {
    heading: false,
    keeps: 'counted',
  }),
  other_config: free('Settings of later releases.'),
  external_ids: {
    ...free(
      'Notes of other programs. `vm-uuid` (as OpenStack has it in Open vSwitch) or `vm-id`: the VM whose interface it is, for `check-move --vm`.',
    ),
    codec: codec.namedTexts,
  },
});
