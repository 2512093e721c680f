import assert from 'node:assert/strict';
import { CONTROL_BITS } from '../../compat-tables/bits/named-masks.ts';
import { QEMU_FROM_BACKEND } from '../../compat-tables/bits/qemu-from-backend.ts';
import type { ShownInterface, TestAgent } from '../e2e/agents.ts';
import type { Qemu } from '../peers/qemu.ts';

/** `show-interface --format json`, with the members that name bits. */
export interface Shown {
  readonly interface: ShownInterface;
  readonly decoded: Readonly<Record<string, { readonly mask: string; readonly names: readonly string[] } | null>>;
}

export async function showDecoded(agent: TestAgent, name: string): Promise<Shown> {
  return JSON.parse(await agent.must('show-interface', name, '--format', 'json')) as Shown;
}

/** Adds an interface with a pin and waits until a front-end may come. */
export async function addPinned(
  agent: TestAgent,
  name: string,
  sides: { readonly backend: string; readonly frontend: string; readonly version: string },
): Promise<void> {
  const { backend, frontend, version } = sides;
  await agent.must('add-interface', name, '--backend', backend, '--frontend', frontend, '--version', version);
  await agent.inState(name, 'waiting-frontend');
}

/**
 * What the guest's driver has negotiated and what the agent shows are the same, as far as QEMU leaves the choice to the
 * back-end; about the other bits QEMU and the guest decide without asking. Returns the guest's bits.
 */
export async function assertGuestAgrees(qemu: Qemu, shown: ShownInterface): Promise<bigint> {
  const features = await qemu.features();
  const acked = BigInt(shown.acked_features ?? '0x0');
  assert.notEqual(acked & ~CONTROL_BITS, 0n);
  assert.equal(hex(acked & ~CONTROL_BITS), hex(features & QEMU_FROM_BACKEND), `the guest has ${hex(features)}`);
  return features;
}

export function hex(mask: bigint): string {
  return `0x${mask.toString(16)}`;
}
