import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allCommands } from '../../cli/commands.ts';
import { usageOf } from '../../cli/shared/command.ts';
import { GLOBAL_OPTIONS } from '../../cli/shared/options.ts';
import { ROOT } from '../root.ts';

const COMMANDS = await allCommands();

describe('docs/cli.md', () => {
  const text = readFileSync(join(ROOT, 'docs/cli.md'), 'utf8');

  for (const command of COMMANDS) {
    it(`has ${command.name} with its usage and an example`, () => {
      const [, section = ''] = text.split(`\n### ${command.name}\n`);
      const own = section.split('\n### ')[0] ?? '';
      assert.ok(own.includes(usageOf(command)), `wanted the usage: ${usageOf(command)}`);
      assert.match(own, new RegExp(`^\\$ .*vhost-compat ${command.name}`, 'm'));
    });
  }

  it('has every option that all commands take', () => {
    for (const [flags] of GLOBAL_OPTIONS) assert.ok(text.includes(`\`${flags}\``), flags);
  });

  it('has no command that does not exist', () => {
    const commands = text.split('\n## ').find((part) => part.startsWith('Commands\n')) ?? '';
    const named = [...commands.matchAll(/^### (.+)$/gm)].map((match) => match[1]);
    assert.deepEqual(
      named,
      COMMANDS.map(({ name }) => name),
    );
  });
});
