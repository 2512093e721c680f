import { encodeMessage, NEED_REPLY, REPLY, VERSION } from '../../../../agent/vhost/header.ts';
import { writeU64 } from '../../../../agent/vhost/payloads.ts';
import { REQUESTS, requestById, requestName } from '../../../../compat-tables/protocol/requests.ts';
import { Chance } from '../../../rpc/ovsdb/fuzz/chance.ts';
import { Ear, type HeardMessage } from './ear.ts';
import type { AttackerSettings } from './frontend-attacker.ts';
import { CONTROL, RequestJudge } from './judge.ts';
import { RawListener, RawSocket } from './raw.ts';
import { anyBytes, anyU64, kinds, type Said, textOf } from './words.ts';
import { wounded } from './wounds.ts';

const REPLY_ACK = 1n << 3n;
const LOG_LINES = 30;
const READS_PER_TURN = 200;
/** After the deed: for so long it goes on as if nothing had been, and then hangs up. */
const AFTERMATH_TURNS = 50;
/** Between two tries to connect. */
const KNOCK_MS = 3;

/** How one connection of a back-end goes wrong, and with which of its messages. */
interface Plan {
  readonly deed:
    | 'nothing'
    | 'wound'
    | 'unasked'
    | 'request'
    | 'flood'
    | 'vanish'
    | 'withhold'
    | 'deaf'
    | 'twice'
    | 'mask';
  readonly at: number;
}

/** A back-end that answers as it should, until it does not. */
export class BackendAttacker {
  readonly #settings: AttackerSettings;
  readonly #listener: RawListener | undefined;
  readonly #connections: BackendConnection[] = [];
  #made = 0;
  #knock = 0;

  constructor(settings: AttackerSettings) {
    this.#settings = settings;
    this.#listener = settings.role === 'listen' ? new RawListener(settings.path) : undefined;
  }

  get log(): string[] {
    return this.#connections.slice(-2).flatMap((one) => one.log);
  }

  turn(now: number): void {
    const open = this.#connections.filter((one) => one.turn());
    this.#connections.splice(0, Infinity, ...open);
    if (this.#connections.length > 8) return;
    const socket = this.#listener ? this.#listener.accept() : this.#connect(now);
    if (!socket) return;
    const chance = new Chance(this.#settings.seed + 5000 + this.#made);
    this.#made += 1;
    this.#connections.push(new BackendConnection(socket, chance, this.#settings));
  }

  /** One connection is enough; now and then there is a second at the door, or one that leaves at once. */
  #connect(now: number): RawSocket | undefined {
    if (now < this.#knock) return undefined;
    this.#knock = now + KNOCK_MS;
    if (this.#connections.length > (this.#made % 5 === 4 ? 1 : 0)) return undefined;
    if (this.#made % 7 === 6) RawSocket.connect(this.#settings.path)?.close();
    return RawSocket.connect(this.#settings.path);
  }

  close(): void {
    for (const one of this.#connections) one.close();
    this.#listener?.close();
  }
}

class BackendConnection {
  readonly #socket: RawSocket;
  readonly #ear: Ear;
  readonly #chance: Chance;
  readonly #settings: AttackerSettings;
  readonly #judge: RequestJudge;
  readonly #plan: Plan;
  readonly #protocol: bigint;
  readonly #lines: (() => string)[] = [];
  readonly #out: { bytes: Uint8Array; fds: readonly number[] }[] = [];
  #acked = 0n;
  #heard = 0;
  #deaf = 0;
  #aftermath = 0;

  constructor(socket: RawSocket, chance: Chance, settings: AttackerSettings) {
    this.#socket = socket;
    this.#ear = new Ear(socket);
    this.#chance = chance;
    this.#settings = settings;
    this.#judge = new RequestJudge(settings.promised);
    this.#plan = planned(chance);
    this.#protocol = chance.once(40) ? settings.offer.protocol & anyU64(chance) : settings.offer.protocol;
  }

  get log(): string[] {
    return [
      `back-end, plan ${this.#plan.deed} at ${this.#plan.at}, heard ${this.#heard}`,
      ...this.#lines.map((line) => `  ${line()}`),
    ];
  }

  /** False: this connection is over. */
  turn(): boolean {
    if (!this.#flush()) return this.close();
    if (this.#aftermath > 0) {
      this.#aftermath -= 1;
      if (this.#aftermath === 0) return this.close();
    }
    if (this.#deaf > 0) {
      this.#deaf -= 1;
      return true;
    }
    for (let i = 0; i < READS_PER_TURN && this.#deaf === 0 && this.#out.length < 500; i += 1) {
      const message = this.#ear.next();
      if (message === 'nothing') return true;
      if (message === 'gone') return this.close();
      this.#heard += 1;
      this.#note(() => `heard ${requestName(message.request)} flags ${message.flags} fds ${message.fds}`);
      this.#judge.see(message);
      if (!this.#react(message)) return this.close();
    }
    return true;
  }

  /** False: it hangs up. */
  #react(message: HeardMessage): boolean {
    const proper = this.#properReply(message);
    if (this.#heard < this.#plan.at || this.#aftermath > 0) {
      if (proper) this.#say(proper);
      return true;
    }
    return this.#misbehave(message, proper);
  }

  #misbehave({ request, flags }: HeardMessage, proper: Said | undefined): boolean {
    const chance = this.#chance;
    const reply = proper ?? { bytes: encodeMessage(request, VERSION | REPLY, writeU64(0n)), fds: [] };
    const { deed } = this.#plan;
    if (deed === 'vanish') {
      if (chance.once(2)) this.#say({ ...reply, bytes: reply.bytes.subarray(0, 1 + chance.below(reply.bytes.length)) });
      return false;
    }
    if (deed === 'mask' && request === REQUESTS.GET_FEATURES.id) this.#say(this.#otherMask());
    else if (proper && deed !== 'wound' && deed !== 'withhold') this.#say(proper);
    switch (deed) {
      case 'wound':
        this.#say(wounded(reply, chance));
        break;
      case 'unasked':
        this.#say({ ...reply, bytes: encodeMessage(chance.below(60), VERSION | REPLY, anyBytes(chance, 8)) });
        break;
      case 'request':
        this.#say({ bytes: encodeMessage(request, flags, anyBytes(chance, 8)), fds: kinds(chance, chance.below(3)) });
        break;
      case 'twice':
        this.#say(reply);
        break;
      case 'flood':
        for (let i = 0; i < 300; i += 1) this.#say(reply);
        break;
      case 'deaf':
        this.#deaf = 10 + chance.below(100);
        break;
      case 'mask':
        return true;
    }
    this.#aftermath = AFTERMATH_TURNS;
    return true;
  }

  #otherMask(): Said {
    const mask = this.#chance.once(2) ? anyU64(this.#chance) : this.#settings.promised.guest | anyU64(this.#chance);
    return { bytes: encodeMessage(REQUESTS.GET_FEATURES.id, VERSION | REPLY, writeU64(mask)), fds: [] };
  }

  #properReply({ request, flags, payload }: HeardMessage): Said | undefined {
    const row = requestById(request);
    const say = (bytes: Uint8Array, count = 0): Said => ({
      bytes: encodeMessage(request, VERSION | REPLY, bytes),
      fds: kinds(this.#chance, count),
    });
    switch (row?.name) {
      case 'GET_FEATURES':
        return say(writeU64(this.#settings.offer.features | CONTROL | (1n << 40n)));
      case 'GET_PROTOCOL_FEATURES':
        return say(writeU64(this.#protocol));
      case 'GET_QUEUE_NUM':
        return say(writeU64(128n));
      case 'GET_VRING_BASE':
        return say(payload);
      case 'SET_PROTOCOL_FEATURES':
        this.#acked = Buffer.from(payload).readBigUInt64LE();
        break;
    }
    if (row?.reply === 'always') return say(writeU64(0n), row.replyFds === 'atMostOne' ? this.#chance.below(2) : 0);
    return (flags & NEED_REPLY) !== 0 && (this.#acked & REPLY_ACK) !== 0n ? say(writeU64(0n)) : undefined;
  }

  #say(said: Said): void {
    this.#note(() => `say ${textOf(said)}`);
    this.#settings.count(1);
    this.#out.push({ bytes: said.bytes, fds: this.#settings.kit.numbers(said.fds, this.#socket) });
  }

  /** False: nobody takes it any more. */
  #flush(): boolean {
    for (let head = this.#out[0]; head; head = this.#out[0]) {
      const some = head.bytes.length > 1 && this.#chance.once(20) ? this.#chance.below(head.bytes.length) : 0;
      const bytes = some > 0 ? head.bytes.subarray(0, some) : head.bytes;
      const sent = this.#socket.send(bytes, head.fds);
      if (sent === 'gone') return false;
      if (sent === head.bytes.length) this.#out.shift();
      else if (sent > 0) this.#out[0] = { bytes: head.bytes.subarray(sent), fds: [] };
      if (sent === 0 || some > 0) return true;
    }
    return true;
  }

  #note(line: () => string): void {
    this.#lines.push(line);
    if (this.#lines.length > LOG_LINES) this.#lines.shift();
  }

  close(): false {
    this.#socket.close();
    return false;
  }
}

function planned(chance: Chance): Plan {
  const deeds = [
    'wound',
    'unasked',
    'request',
    'flood',
    'vanish',
    'withhold',
    'deaf',
    'twice',
    'mask',
    'wound',
  ] as const;
  if (chance.once(3)) return { deed: 'nothing', at: Infinity };
  // The first three are the measurement.
  return { deed: chance.pick(deeds), at: chance.once(6) ? 1 + chance.below(3) : 4 + chance.below(400) };
}
