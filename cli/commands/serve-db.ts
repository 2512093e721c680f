import { readFileSync } from 'node:fs';
import { andMore, RateLimit } from '../../base/rate-limit.ts';
import { groupId } from '../../base/system-ids.ts';
import { MAX_TIMER_MS } from '../../base/timers.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { EXIT } from '../../compat-tables/errors/exit-status.ts';
import { OvsdbError } from '../../rpc/ovsdb/notation/ovsdb-error.ts';
import { DatabaseSchema } from '../../rpc/ovsdb/notation/schema.ts';
import type { ServerEvent } from '../../rpc/ovsdb/server/ovsdb-server.ts';
import { limitsMistake, type ServerLimits, STANDALONE_SERVER_LIMITS } from '../../rpc/ovsdb/server/server-limits.ts';
import { StoreError } from '../../rpc/ovsdb/store/store.ts';
import { RemoteError } from '../../rpc/ovsdb/wire/remotes.ts';
import { TlsFilesError } from '../../rpc/ovsdb/wire/tls-files.ts';
import { checkPassiveRemotes } from '../shared/check-remote.ts';
import { argument, type Command, type Input, required } from '../shared/command.ts';
import { UsageError } from '../shared/command-errors.ts';
import type { Context } from '../shared/context.ts';

export const serveDb: Command = {
  name: 'serve-db',
  summary: 'Serve a database with any OVSDB schema, without the agent',
  args: [{ name: 'DBFILE', help: 'the database file; it is created when it does not exist' }],
  options: [
    {
      name: 'schema',
      value: 'FILE',
      required: true,
      help: 'the .ovsschema file; a file that holds a newer schema, or was converted, keeps its own',
    },
    {
      name: 'remote',
      value: 'REMOTE',
      required: true,
      repeatable: true,
      help: 'punix:PATH, ptcp:[PORT][:IP] or pssl:[PORT][:IP]; give it several times for several',
    },
    { name: 'remote-ro', value: 'REMOTE', repeatable: true, help: 'the same, for read-only clients' },
    { name: 'socket-mode', value: 'MODE', help: 'permissions of the punix: sockets, octal (default: 660)' },
    {
      name: 'socket-group',
      value: 'GROUP',
      help: 'group of the punix: sockets, by name or number (default: that of the process)',
    },
    {
      name: 'inactivity-probe',
      value: 'MS',
      help: 'probe an idle TCP or TLS connection after this many milliseconds (default: 5000; 0: never)',
    },
    {
      name: 'limit',
      value: 'NAME=NUMBER',
      repeatable: true,
      help: 'a limit on what clients cost, such as connections=100 or queuedBytes=1000000',
    },
  ],
  example: 'conf.db --schema vswitch.ovsschema --remote punix:/tmp/db.sock --remote ptcp:6640:127.0.0.1',
  details: 'Runs until SIGINT or SIGTERM. A transaction that was answered is on the disk.',
  async run(context, input) {
    const { tls } = context.options;
    const remotes = [
      ...input.list('remote').map((remote) => ({ remote, readOnly: false })),
      ...input.list('remote-ro').map((remote) => ({ remote, readOnly: true })),
    ];
    checkPassiveRemotes(
      remotes.map(({ remote }) => remote),
      tls,
    );
    const mode = numberOf(input, 'socket-mode', 8, 0o777);
    const group = groupOf(input.option('socket-group'));
    const socket = { ...(mode === undefined ? {} : { mode }), ...(group === undefined ? {} : { group }) };
    const limits = limitsOf(input.list('limit'));
    const probeIntervalMs = numberOf(input, 'inactivity-probe', 10, MAX_TIMER_MS) ?? 5000;
    const file = argument(input, 0);
    const schema = readSchema(required(input, 'schema'));
    // here, because no other command should pay for loading SQLite
    const { Database } = await import('../../rpc/ovsdb/database.ts');
    const { OvsdbServer } = await import('../../rpc/ovsdb/server/ovsdb-server.ts');
    const unwritten = new RateLimit({ burst: 5, windowMs: 60_000 });
    const failed = ({ details = '' }: OvsdbError): void => {
      const leftOut = unwritten.pass('');
      if (leftOut !== undefined) warn(`transaction failed: ${details}${andMore(leftOut)}`, context);
    };
    const database = await plainly(async () => Database.open({ file, schema, follow: true, failed }));
    context.atEnd(() => database.close());
    const server = new OvsdbServer({
      limits: { ...STANDALONE_SERVER_LIMITS, ...limits },
      probeIntervalMs,
      log: (event) => tell(event, context),
    });
    context.atEnd(() => server.close());
    server.add(database);
    const bound: string[] = [];
    for (const { remote, readOnly } of remotes) {
      const { remote: name } = await plainly(() => server.listen(remote, { ...socket, readOnly, tls }));
      bound.push(readOnly ? `${name} (read-only)` : name);
    }
    const interrupted = context.io.interrupted();
    if (!database.schema.equals(schema))
      context.io.stderr(`following the schema in ${file}, which is another one than ${required(input, 'schema')}\n`);
    context.io.stderr(`serving ${schema.name} on ${bound.join(' ')}\n`);
    context.log(`ending after ${await interrupted}`);
    return EXIT.done;
  },
};

/** Says what somebody has to know: dropped and refused clients, faults. The rest is for `--verbose`. */
function tell({ error: _, ...event }: ServerEvent, context: Context): void {
  if (event.level === 'info') context.log(JSON.stringify(event));
  else warn(event.text, context);
}

function warn(text: string, { io }: Context): void {
  io.stderr(`vhost-compat: ${text}\n`);
}

/** What the database file or a remote cannot do is for the user to mend, not our bug. */
async function plainly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof RemoteError || error instanceof TlsFilesError)) throw error;
    throw new CompatError('VC-CONFIG', error.message, {}, { cause: error });
  }
}

function numberOf(input: Input, name: string, base: 8 | 10, most: number): number | undefined {
  const text = input.option(name);
  if (text === undefined) return undefined;
  const digits = base === 8 ? /^[0-7]{1,4}$/ : /^\d{1,10}$/;
  const value = digits.test(text) ? Number.parseInt(text, base) : Number.NaN;
  if (value <= most) return value;
  const wanted = base === 8 ? `an octal number up to ${most.toString(8)}` : `a whole number up to ${most}`;
  throw new UsageError(`Cannot read --${name}: saw "${text}"; wanted ${wanted}`);
}

function groupOf(text: string | undefined): number | undefined {
  try {
    return text === undefined ? undefined : groupId(text);
  } catch (cause) {
    throw new UsageError(`Cannot read --socket-group: ${(cause as Error).message}`, { cause });
  }
}

function limitsOf(texts: readonly string[]): Partial<ServerLimits> {
  const limits = Object.fromEntries(
    texts.map((text) => {
      const [, name = text, number = ''] = /^([^=]*)=(\d+)$/.exec(text) ?? [];
      return [name, number === '' ? undefined : Number(number)];
    }),
  );
  const mistake = limitsMistake(limits);
  if (mistake === undefined) return limits;
  throw new UsageError(`Cannot read --limit: ${mistake}`);
}

function readSchema(file: string): DatabaseSchema {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`Cannot read --schema: ${(error as Error).message}`, { cause: error });
  }
  try {
    return DatabaseSchema.fromJson(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof OvsdbError || error instanceof SyntaxError)) throw error;
    const wanted = 'wanted a database schema of RFC 7047, section 3.2';
    throw new CompatError('VC-CONFIG', `Cannot read schema ${file}: ${error.message}; ${wanted}`, {}, { cause: error });
  }
}
