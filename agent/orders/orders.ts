import { array, boolean, type Check, type ObjectOf, openObject, string } from '../../rpc/json/shape.ts';
import { count, endpoint, entry, id, name, peer, text } from './checks.ts';

/**
 * The orders that the manager process gives to the relay process, a row each. A release adds rows and optional members and
 * takes none away, so that the two processes may be one release apart; an unknown order is passed over.
 */

/** Raised when a release takes something away that the previous one needs. */
export const ORDERS_PROTOCOL = 1;

/** The mode that a front-end process got, and which process that is. */
export const stickyMode = openObject({ version: name, digest: text(128), peer });
export type StickyMode = ReturnType<typeof stickyMode>;

/** One interface as it is wanted. */
export const interfaceOrder = openObject(
  { id, name, deviceType: name, frontend: endpoint, backend: endpoint },
  {
    /** The pin; absent: the host's default. */
    version: name,
    /** The mode of its front-end process as the database has it; what the relay process remembers itself comes first. */
    sticky: stickyMode,
  },
);
export type InterfaceOrder = ReturnType<typeof interfaceOrder>;

/** The versions that interfaces can get, the most preferred first, and which of them is the default. */
export const versionsOrder = openObject({ entries: array(entry, 10_000) }, { hostDefault: name });
export type VersionsOrder = ReturnType<typeof versionsOrder>;

export const ORDERS = {
  /** The first one on each connection. */
  hello: openObject({ protocol: count, program: string, pid: count }),
  versions: versionsOrder,
  interface: openObject({ interface: interfaceOrder }),
  remove: openObject({ id }),
  /**
   * Carries out all orders before it, and is acknowledged by the fact `applied`. `all`: interfaces that were not ordered on
   * this connection are to end.
   */
  apply: openObject({ number: count, all: boolean }),
  /** Reports the status of all interfaces as it is now, then `applied`. */
  report: openObject({ number: count }),
  /** Whether the messages of an interface are reported. */
  trace: openObject({ id, on: boolean }),
  /** The manager serves its clients. */
  serving: openObject({}),
} as const satisfies Readonly<Record<string, Check<object>>>;

/** One message: the name of its row, and its members. */
export type MessageOf<Rows extends Readonly<Record<string, Check<object>>>> = {
  [Name in keyof Rows & string]: ObjectOf<{ readonly is: Name }, Record<never, never>> & ReturnType<Rows[Name]>;
}[keyof Rows & string];

export type Order = MessageOf<typeof ORDERS>;
