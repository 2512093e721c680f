import { EXIT } from '../compat-tables/errors/exit-status.ts';
import { run } from './run.ts';
import { processIo } from './shared/terminal.ts';

let failure: Error | undefined;
const io = processIo((error) => {
  failure = error;
});
const exit = await run(process.argv.slice(2), io);
// the empty write settles after all that came before; only then is it known whether the output was taken
process.stdout.write('', () => {
  // the error event of a failed write comes on a later turn than its callback
  setImmediate(() => {
    if (failure !== undefined) process.stderr.write(`vhost-compat: Cannot write the output: ${failure.message}\n`);
    process.exit(failure === undefined ? exit : EXIT.failed);
  });
});
