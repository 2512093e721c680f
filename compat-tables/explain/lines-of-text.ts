/** Chunks of a text in, lines without their framing out, with a few of the next ones in view. */
import { isSoftlyBroken, SAYS_QUOTED_PRINTABLE, unframed, unprinted } from './framing.ts';
import { MOST_JOINED, type Place, wholeLine } from './wrapped-lines.ts';

/** No message is longer; what follows in a longer line is not looked at. */
const MAX_LINE = 4096;
/** A line of the text that is longer is cut into lines: a JSON log may hold a whole story in one. */
const MAX_RAW_LINE = 256 * 1024;

/**
 * Cuts a text into lines. It holds no more than the lines in view, so that a log may be of any size. Soft breaks of
 * quoted-printable are closed, and QEMU's line of two masks is whole again.
 */
export class LinesOfText {
  readonly #take: (place: Place) => void;
  #rest = '';
  #number = 0;
  /** The line so far and its number, while quoted-printable goes on. */
  #soft: Place | undefined;
  #quotedPrintable = false;
  /** Lines that may be pieces of one. */
  #pieces: Place[] = [];

  constructor(take: (place: Place) => void) {
    this.#take = take;
  }

  add(chunk: string): void {
    const text = this.#rest + chunk;
    const lines = text.split(/\r?\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#raw(line);
    if (this.#rest.length > MAX_RAW_LINE) {
      // the rest of the same line is told by its number
      this.#unframe({ number: this.#number + 1, line: this.#rest });
      this.#rest = '';
    }
  }

  end(): void {
    if (this.#rest !== '') this.#raw(this.#rest.replace(/\r$/, ''));
    if (this.#soft !== undefined) this.#unframe(this.#soft);
    while (this.#pieces.length > 0) this.#join();
  }

  #raw(line: string): void {
    this.#number += 1;
    if (SAYS_QUOTED_PRINTABLE.test(line)) this.#quotedPrintable = true;
    const soft = isSoftlyBroken(line);
    const piece = unprinted(soft ? line.slice(0, -1) : line, this.#quotedPrintable || soft || this.#soft !== undefined);
    const whole = { number: this.#soft?.number ?? this.#number, line: (this.#soft?.line ?? '') + piece };
    this.#soft = soft && whole.line.length < MAX_LINE ? whole : undefined;
    if (this.#soft === undefined) this.#unframe(whole);
  }

  #unframe({ number, line }: Place): void {
    for (const one of unframed(line)) {
      this.#pieces.push({ number, line: one.slice(0, MAX_LINE) });
      if (this.#pieces.length > MOST_JOINED) this.#join();
    }
  }

  #join(): void {
    const [first] = this.#pieces;
    if (first === undefined) return;
    const { line, pieces } = wholeLine(this.#pieces.map((one) => one.line));
    this.#take({ number: first.number, line });
    this.#pieces = this.#pieces.slice(pieces);
  }
}
