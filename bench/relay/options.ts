import { parseArgs } from 'node:util';

export interface Options {
  /** Works whose name has one of these words; all when there is none. */
  readonly words: readonly string[];
  readonly rounds: number;
  /** How many ports stand for "many". */
  readonly ports: number;
  /** Handshakes in one round. */
  readonly handshakes: number;
  readonly idleSeconds: number;
  /** How long a front-end waits before it looks again for a side that is not there. */
  readonly retryMs: number;
  /** How long the back-end is away when it restarts. */
  readonly gapMs: number;
  /** How long the agent lives at least before it is killed: a keeper restarts at once what has lived a while. */
  readonly calmMs: number;
  /** Keeper too, if the agent has one. */
  readonly supervise: boolean;
  /** A folder for profiles of the agent; none are made when it is undefined. */
  readonly profile: string | undefined;
  readonly write: boolean;
}

export const USAGE = `Usage: npm run bench:relay -- [WORD…] [OPTION…]
Only work whose name has one of the words is done: handshake-mock, handshake-testpmd,
disturbed, restart, idle, recovery, data-path, startup.
A C relay without rules or journal is measured in turns where cc is installed: the floor.
  --ports N          how many ports are many (1000)
  --rounds N         rounds of each work (5)
  --handshakes N     handshakes in a round (30)
  --idle-seconds N   how long an idle agent is looked at (10)
  --retry-ms N       pause of a front-end before it looks again (100)
  --gap-ms N         how long a back-end that restarts is away (500)
  --calm-ms N        life of the agent before each kill (11000); a keeper waits after short lives
  --no-supervise     leaves out what needs the keeper
  --prof-agent DIR   profiles the agent into DIR and prints where its time went, for each work
  --write            writes the tables into bench/RESULTS.md`;

/** Undefined when only the usage is wanted. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      ports: { type: 'string', default: '1000' },
      rounds: { type: 'string', default: '5' },
      handshakes: { type: 'string', default: '30' },
      'idle-seconds': { type: 'string', default: '10' },
      'retry-ms': { type: 'string', default: '100' },
      'gap-ms': { type: 'string', default: '500' },
      'calm-ms': { type: 'string', default: '11000' },
      'no-supervise': { type: 'boolean', default: false },
      'prof-agent': { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    words: positionals,
    rounds: count('rounds', values.rounds, 1),
    ports: count('ports', values.ports, 1),
    handshakes: count('handshakes', values.handshakes, 1),
    idleSeconds: count('idle-seconds', values['idle-seconds'], 1),
    retryMs: count('retry-ms', values['retry-ms'], 1),
    gapMs: count('gap-ms', values['gap-ms'], 0),
    calmMs: count('calm-ms', values['calm-ms'], 0),
    supervise: !values['no-supervise'],
    profile: values['prof-agent'],
    write: values.write,
  };
}

function count(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`--${name}: saw "${text}"; wanted a whole number of at least ${least}`);
  return value;
}
