import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

/** Loaded by the unit run (mocha --require): a unit test that starts a process all the same fails at that call. */
export const mochaHooks = {
  beforeAll(): void {
    for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork'] as const) {
      Object.assign(childProcess, {
        [name]: () => {
          throw new Error(`Cannot ${name} a process in a unit test: saw a call of node:child_process; wanted none`);
        },
      });
    }
    syncBuiltinESMExports();
  },
};
