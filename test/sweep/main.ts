/**
 * Lists the messages of other programs that no row knows. Run by hand, with source trees:
 *
 *     npx tsx test/sweep/main.ts qemu=DIRECTORY dpdk=DIRECTORY … [--list]
 *
 * A name may be given several times, once for each release. The last result stands in docs/explained-messages.md.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Explainer } from '../../compat-tables/explain/explain.ts';
import { type Message, messagesIn, samplesOf } from './literals.ts';
import { SCOPES, type Scope } from './scopes.ts';

interface Result {
  readonly known: number;
  readonly leftOut: ReadonlyMap<string, number>;
  /** `FILE: TEXT` of those that no row knows and no reason leaves out. */
  readonly unknown: readonly string[];
}

function isKnown({ prefixes, suffix }: Scope, { text }: Message): boolean {
  const lines = prefixes.flatMap((prefix) =>
    samplesOf(text).flatMap((one) => [prefix + one, ...(suffix === undefined ? [] : [prefix + one + suffix])]),
  );
  return lines.some((line) => {
    const reader = new Explainer([]);
    reader.add(line);
    const { explanations } = reader.end();
    // what is found by two numbers alone is not known
    return explanations.some(({ program }) => program !== 'unknown program');
  });
}

function sweep(scope: Scope, trees: readonly string[]): Result {
  const seen = new Map<string, [file: string, message: Message]>();
  for (const tree of trees)
    for (const name of readdirSync(tree, { recursive: true, encoding: 'utf8' })) {
      if (!scope.files.test(`/${name}`)) continue;
      const file = join(tree, name);
      for (const message of messagesIn(readFileSync(file, 'utf8'), scope.calls))
        if (!seen.has(message.text)) seen.set(message.text, [relative(tree, file), message]);
    }
  const leftOut = new Map<string, number>();
  const unknown: string[] = [];
  let known = 0;
  for (const [text, [file, message]] of seen) {
    if (isKnown(scope, message)) known += 1;
    else {
      const reason = scope.leftOut.find(([, which]) => which.test(`${file} ${message.call} ${text}`))?.[0];
      if (reason === undefined) unknown.push(`${file}: ${JSON.stringify(text)}`);
      else leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
    }
  }
  return { known, leftOut, unknown };
}

const list = process.argv.includes('--list');
for (const scope of SCOPES) {
  const trees = process.argv.slice(2).filter((one) => one.startsWith(`${scope.name}=`));
  if (trees.length === 0) continue;
  const { known, leftOut, unknown } = sweep(
    scope,
    trees.map((one) => one.slice(scope.name.length + 1)),
  );
  const concerned = known + unknown.length;
  const share = concerned === 0 ? 100 : Math.round((100 * known) / concerned);
  console.log(`\n${scope.name}: ${known} of ${concerned} known (${share} %)`);
  for (const [reason, count] of leftOut) console.log(`  ${count} left out: ${reason}`);
  if (list) for (const one of unknown) console.log(`  unknown: ${one}`);
}
