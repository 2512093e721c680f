import type { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { Exit } from '../../compat-tables/errors/exit-status.ts';
import type { Context } from './context.ts';
import type { Table } from './formats.ts';
import type { Part } from './page.ts';

/**
 * What a command found: a table, JSON for programs, and where a bare table is not how a person would say it, a text of
 * its own.
 */
export interface CommandResult {
  readonly table: Table;
  /** Stable; printed with `format` before it, which counts up when a member changes its meaning. New ones may come. */
  readonly json: { readonly kind: string; readonly [member: string]: unknown };
  /** Replaces the table for people (`--format table`), unless `--columns` or `--no-headings` asks for the bare table. */
  readonly text?: string | readonly Part[];
  /** A document that other programs read; it is printed as it is in place of a text. */
  readonly verbatim?: string;
  /** Remarks for stderr, one line each. */
  readonly notes?: readonly string[];
  /** The answer was no: told on stderr as errors are, after the result, and it gives the exit status. */
  readonly refusal?: CompatError;
}

export interface ArgumentSpec {
  /** As the usage line shows it: upper case. */
  readonly name: string;
  readonly help: string;
  /** `some`: one or more; `any`: none or more. */
  readonly arity?: 'one' | 'optional' | 'some' | 'any';
}

export interface OptionSpec {
  /** The long name without dashes. */
  readonly name: string;
  /** The word for its value; without it the option is a flag. */
  readonly value?: string;
  readonly help: string;
  readonly required?: boolean;
  readonly repeatable?: boolean;
}

/** What stood on the command line, checked for its shape only. */
export interface Input {
  readonly args: readonly string[];
  option(name: string): string | undefined;
  list(name: string): readonly string[];
  flag(name: string): boolean;
}

/** A command as a value. The parser, the help and the documentation test read this; nothing else knows the commands. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly args: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** Arguments of a call that shows the command at work. */
  readonly example: string;
  /** More for `--help`, in whole lines. */
  readonly details?: string;
  /** All columns of its table, where they are always the same: --columns is checked by them before it runs. */
  readonly headings?: readonly string[];
  run(context: Context, input: Input): Promise<CommandResult | Exit>;
}

/** `NAME`, `[NAME]`, `NAME...` or `[NAME...]` */
export function argumentUsage({ name, arity = 'one' }: ArgumentSpec): string {
  const text = arity === 'some' || arity === 'any' ? `${name}...` : name;
  return arity === 'optional' || arity === 'any' ? `[${text}]` : text;
}

/** `select TARGET... [--policy POLICY]` */
export function usageOf(command: Command): string {
  const options = command.options.map(({ name, value, required, repeatable }) => {
    const text = `--${name}${value === undefined ? '' : ` ${value}`}`;
    return `${required === true ? text : `[${text}]`}${repeatable === true ? '...' : ''}`;
  });
  return ['vhost-compat', command.name, ...command.args.map(argumentUsage), ...options].join(' ');
}

/** The n-th argument; the parser has seen to it that required ones are there. */
export function argument(input: Input, index: number): string {
  const value = input.args[index];
  if (value === undefined) throw new Error(`argument ${index} was declared but not given`);
  return value;
}

/** The value of an option that the command declares as required. */
export function required(input: Input, name: string): string {
  const value = input.option(name);
  if (value === undefined) throw new Error(`option --${name} was declared as required but not given`);
  return value;
}
