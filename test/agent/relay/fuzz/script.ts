import type { Chance } from '../../../rpc/ovsdb/fuzz/chance.ts';
import type { Kind } from './raw.ts';
import { anyBytes, kinds, type Offer, type Said, textOf, Words } from './words.ts';
import { wounded } from './wounds.ts';

/** What a peer does next. */
export type Step =
  | { readonly do: 'write'; readonly bytes: Uint8Array; readonly fds: readonly Kind[]; readonly messages: number }
  /** Lets everybody else have so many turns. */
  | { readonly do: 'rest'; readonly turns: number }
  | { readonly do: 'silence'; readonly ms: number }
  | { readonly do: 'deaf' | 'hear' | 'shut' | 'second' }
  | { readonly do: 'storm'; readonly count: number };

export function stepText(step: Step): string {
  switch (step.do) {
    case 'write':
      return `write ${textOf(step)}${step.messages > 1 ? ` (${step.messages} messages)` : ''}`;
    case 'rest':
      return `rest ${step.turns}`;
    case 'silence':
      return `silence ${step.ms} ms`;
    case 'storm':
      return `storm ${step.count}`;
    default:
      return step.do;
  }
}

const write = ({ bytes, fds }: Said, messages = 1): Step => ({ do: 'write', bytes, fds, messages });

/** Everything that a front-end does on one connection, decided before it begins. */
export function frontendScript(chance: Chance, offer: Offer): Step[] {
  const words = new Words(chance, offer);
  const start = chance.once(8) ? [] : words.negotiation();
  const kind = chance.below(20);
  if (kind === 0) return [{ do: 'silence', ms: chance.below(40) }];
  if (kind === 1) return [{ do: 'storm', count: 1 + chance.below(40) }];
  if (kind === 2) return [...delivered(start, chance), ...flood(words, chance)];
  const talk = Array.from({ length: chance.pick([0, 3, 10, 30, 200]) }, () => words.any());
  return [...delivered([...start, ...talk], chance), ...ending(words, chance)];
}

/** A back-end's dialogue is made as it is asked; this is only how its bytes go out. */
function delivered(messages: readonly Said[], chance: Chance): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < messages.length; ) {
    const said = messages[at] as Said;
    const most = chance.pick([1, 1, 5, 40]);
    const run = messages.slice(at, at + most);
    const withFds = run.findIndex(({ fds }, i) => i > 0 && fds.length > 0);
    const joined = withFds < 0 ? run : run.slice(0, withFds);
    at += joined.length;
    if (joined.length > 1) {
      // The descriptors of the first go with its first byte, as they should.
      const bytes = Buffer.concat(joined.map((one) => one.bytes));
      steps.push(...cut({ bytes, fds: said.fds }, chance, joined.length));
    } else steps.push(...cut(said, chance, 1));
  }
  return steps;
}

/** Now and then in pieces, with or without a pause between them. */
function cut(said: Said, chance: Chance, messages: number): Step[] {
  const { bytes, fds } = said;
  if (!chance.once(6)) return [write(said, messages)];
  const ends = [...new Set(chance.some(4, () => 1 + chance.below(bytes.length)))].sort((a, b) => a - b);
  const everyByte = bytes.length < 60 && chance.once(4);
  const cuts = everyByte
    ? Array.from(bytes, (_, i) => i + 1)
    : [...ends.filter((end) => end < bytes.length), bytes.length];
  const rests = chance.once(2);
  return cuts.flatMap((end, i) => {
    const from = cuts[i - 1] ?? 0;
    const piece = write(
      { bytes: bytes.subarray(from, end), fds: i === 0 ? fds : [] },
      end === bytes.length ? messages : 0,
    );
    return rests ? [piece, { do: 'rest' as const, turns: 1 }] : [piece];
  });
}

/** Asks and asks, and reads nothing. */
function flood(words: Words, chance: Chance): Step[] {
  const count = 10 + chance.below(60);
  const big: Said = { bytes: withHeader(999, 4096), fds: kinds(chance, chance.below(3)) };
  const burst = (): Step => {
    if (chance.once(3)) return write(big);
    const many = Array.from({ length: 40 }, () => words.say('GET_FEATURES').bytes);
    return write({ bytes: Buffer.concat(many), fds: [] }, many.length);
  };
  const after: Step[] = chance.once(2) ? [{ do: 'hear' }, { do: 'silence', ms: 10 }] : [{ do: 'silence', ms: 10 }];
  return [{ do: 'deaf' }, ...Array.from({ length: count }, burst), ...after];
}

function withHeader(request: number, size: number): Uint8Array {
  const bytes = new Uint8Array(12 + size);
  new Uint32Array(bytes.buffer, 0, 3).set([request, 1, size]);
  return bytes;
}

/** The one thing that is wrong, and what goes on after it as if nothing had been. */
function ending(words: Words, chance: Chance): Step[] {
  const after = chance.some(3, () => write(words.any()));
  const wrong = wounded(words.any(), chance);
  switch (chance.below(12)) {
    case 0:
      return [{ do: 'silence', ms: chance.below(10) }];
    case 1:
      return [{ do: 'second' }, ...after, { do: 'silence', ms: 5 }];
    case 2:
      return [{ do: 'shut' }, { do: 'silence', ms: 5 }];
    case 3:
      return late(words, chance);
    case 4:
      return [write({ bytes: anyBytes(chance, 1 + chance.below(11)), fds: kinds(chance, chance.below(3)) }), ...after];
    case 5:
    case 6:
      return [...words.classics().map((said) => write(said)), { do: 'silence', ms: 3 }];
    case 7: {
      // A message that never becomes whole: silence, or the end.
      const { bytes, fds } = words.any();
      const piece = write({ bytes: bytes.subarray(0, 1 + chance.below(bytes.length)), fds }, 0);
      return chance.once(2) ? [piece] : [piece, { do: 'silence', ms: 15 }];
    }
    default:
      return [...cut(wrong, chance, 1), ...after, { do: 'silence', ms: 3 }];
  }
}

/** Descriptors that come with a later piece of their message. */
function late(words: Words, chance: Chance): Step[] {
  const { bytes } = words.any();
  const at = 1 + chance.below(bytes.length - 1);
  const rest: Step[] = chance.once(2) ? [{ do: 'rest', turns: 2 }] : [];
  const fds = kinds(chance, 1 + chance.below(4));
  return [
    write({ bytes: bytes.subarray(0, at), fds: kinds(chance, chance.below(2)) }, 0),
    ...rest,
    write({ bytes: bytes.subarray(at), fds }),
    { do: 'silence', ms: 3 },
  ];
}
