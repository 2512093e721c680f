// knip finds files, exports and dependencies that nobody uses. With --production it looks at what is installed
// alone: an export that nothing there uses, not even its own file, serves tests only and has to say so (@internal).
const production = process.argv.includes('--production');

export default {
  entry: [
    'agent/daemon/main.ts!',
    'cli/main.ts!',
    'quickstart/main.ts!',
    // benchmarks, and the processes that they start by path
    'bench/*/{main,serve}.ts!',
    'bench/relay/*-process.ts!',
    // the generators of docs/, run by `npm run docs`
    '{compat-tables/errors,compat-tables/explain,agent/settings}/*-document.ts!',
    'rpc/{api,state}/*-page.ts!',
    'rpc/fleet/describe-schema.ts!',
    // tests, what mocha loads, and the programs that tests start by path
    'test/runner/{main,no-processes,reporter}.ts',
    'test/sweep/main.ts',
    'test/**/*.test.ts',
    'test/**/{record-*,*-child,*-process,kept-relay}.ts',
    'test/agent/keeper/programs/*.ts',
  ],
  project: ['**/*.ts!', '!test/**!'],
  include: ['files', 'dependencies', 'unlisted', 'exports', 'types', 'duplicates'],
  // runs tests from their source (CONTRIBUTING.md); what is installed comes from esbuild, which keeps packages outside
  ignoreDependencies: production ? ['better-sqlite3', 'commander', 'json-rpc-2.0', 'koffi', 'ws'] : ['tsx'],
  ignoreExportsUsedInFile: production ? true : { interface: true, type: true },
};
