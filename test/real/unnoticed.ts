import assert from 'node:assert/strict';
import type { ShownInterface } from '../e2e/agents.ts';
import { carrierChanges, Pinging } from '../peers/pinging.ts';
import { eventually } from '../peers/process.ts';
import { ADDRESS, type LivePort, messagesOf } from './relay-cells.ts';

/** How testpmd and Open vSwitch speak of a connection that ended, and of one that came. */
const CONNECTIONS = /^.*(?:peer closed|connection has been|reconnect|handling failed|new vhost user connection).*$/gim;
/** How Open vSwitch speaks of a device that stopped or started, which a driver may do on purpose. */
const DEVICES = /^.*vHost Device .* has been (?:removed|added).*$/gim;

/** Messages of one `announce`, one each 50 ms. */
const ROUNDS = 15;

/** The values that must be the same afterwards. */
const LASTING = ['state', 'version', 'in_force', 'next_start', 'offered_features', 'acked_features', 'error'] as const;

/** Everybody who could notice that an agent died: begun before, asked afterwards. */
export class Onlookers {
  readonly #port: LivePort;
  readonly #before: ShownInterface;
  readonly #carrier: number;
  readonly #pinging: Pinging;
  readonly #said: { readonly backend: number; readonly qemu: number };
  #announcements = 0;

  private constructor(port: LivePort, before: ShownInterface, carrier: number, pinging: Pinging) {
    this.#port = port;
    this.#before = before;
    this.#carrier = carrier;
    this.#pinging = pinging;
    this.#said = { backend: port.backend.output().length, qemu: port.qemu.peer.output.length };
  }

  static async begin(port: LivePort): Promise<Onlookers> {
    const [before, carrier] = [await port.agent.show(port.name), await carrierChanges(port.qemu)];
    return new Onlookers(port, before, carrier, await Pinging.start(port.qemu, ADDRESS));
  }

  /** Has QEMU send a message to the back-end twenty times a second, for three quarters of a second from now on. */
  async announce(): Promise<void> {
    this.#announcements += 1;
    const pace = { initial: 50, max: 50, step: 0, rounds: ROUNDS };
    await this.#port.qemu.qmp('announce-self', { id: `announcement-${this.#announcements}`, ...pace });
  }

  /** Asks all of them: none has lost or seen anything. */
  async assertNothingSeen(): Promise<void> {
    const { agent, name, backend, qemu } = this.#port;
    const received = (): string[] => messagesOf(this.#port, this.#said.backend);
    const announced = this.#announcements * ROUNDS;
    if (backend.saysAll)
      await eventually(`${announced} announcements in the back-end`, () => received().length >= announced);
    const { sent, lost, doubled } = await this.#pinging.stop();
    assert.deepEqual({ lost, doubled }, { lost: [], doubled: [] }, `of ${sent} pings`);
    assert.equal(await carrierChanges(qemu), this.#carrier, 'changes of the carrier');
    const said = backend.output().slice(this.#said.backend);
    assert.deepEqual([...linesOfConnections(said), ...(said.match(DEVICES) ?? [])], [], 'the back-end');
    assert.equal(qemu.peer.output.slice(this.#said.qemu), '', 'QEMU');
    // Each message once, and none but those that QEMU sent.
    assert.deepEqual(
      received().filter((message) => message !== 'SEND_RARP'),
      [],
    );
    if (backend.saysAll) assert.equal(received().length, announced, 'announcements in the back-end');
    else assert.ok(received().length <= announced, `${received().length} of ${announced} announcements`);
    const after = await agent.show(name);
    for (const column of LASTING) assert.equal(after[column], this.#before[column], column);
  }
}

/** Lines of a back-end about connections that come and go. */
export function linesOfConnections(output: string): string[] {
  return output.match(CONNECTIONS) ?? [];
}
