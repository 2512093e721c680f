import { abilitiesOfRelease, MockBackend } from '../../agent/mock/mock-backend.ts';
import type { Abilities } from '../../compat-tables/entries/entry.ts';
import { parseEndpoint } from '../../compat-tables/protocol/endpoint.ts';
import { findRelease } from '../../compat-tables/releases/releases.ts';
import type { Peers } from '../peers/process.ts';
import { TestAgent } from './agents.ts';

/** What a known release offers. */
export function like(release: string): Abilities {
  return abilitiesOfRelease(findRelease(release));
}

/** A back-end of this process that negotiates like a release, until the suite ends. */
export async function mockBackend(peers: Peers, endpoint: string, release: string): Promise<MockBackend> {
  const backend = new MockBackend(parseEndpoint(endpoint), like(release));
  peers.defer(() => backend.close());
  return await backend.open();
}

/** Adds the interface `vhu0`: the back-end listens at `be` in the agent's folder, the front-end connects to `fe`. */
export async function addPort(agent: TestAgent, ...options: string[]): Promise<void> {
  const backend = `connect:${agent.path('be')}`;
  const frontend = `listen:${agent.path('fe')}`;
  await agent.must('add-interface', 'vhu0', '--backend', backend, '--frontend', frontend, ...options);
  await agent.inState('vhu0', 'waiting-frontend');
}

/** An agent whose back-end negotiates like a release, with the interface `vhu0` that waits for its front-end. */
export async function hostLike(
  peers: Peers,
  name: string,
  release: string,
  agentArgs: readonly string[] = [],
): Promise<{ agent: TestAgent; backend: MockBackend }> {
  const agent = await TestAgent.start(peers, name, agentArgs);
  const backend = await mockBackend(peers, `listen:${agent.path('be')}`, release);
  await addPort(agent);
  return { agent, backend };
}
