import { supervise } from '../../../../agent/keeper/supervisor.ts';

// The keeper as a process of its own: options as JSON in the first argument, its log as lines of JSON on fd 2.
const options = JSON.parse(process.argv[2] ?? '{}');
process.exit(
  await supervise({
    ...options,
    log: (event, fields) => void process.stderr.write(`${JSON.stringify({ event, ...fields })}\n`),
  }),
);
