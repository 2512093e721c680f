export type Log = (event: string, fields: Readonly<Record<string, unknown>>) => void;

/** A log for what a stranger can make happen: says the 1st, 2nd, 4th, 8th … time of each event, with its number. */
export function sparingly(log: Log): Log {
  const times = new Map<string, number>();
  return (event, fields) => {
    const time = (times.get(event) ?? 0) + 1;
    times.set(event, time);
    if (Number.isInteger(Math.log2(time))) log(event, { ...fields, time });
  };
}
