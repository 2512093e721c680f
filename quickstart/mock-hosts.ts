import { MockFrontend } from '../agent/mock/mock-frontend.ts';
import type { Scene } from './scene.ts';
import type { Cast } from './story.ts';

/** Back-ends and a front-end that only negotiate, with the masks of real releases: nothing but Node is needed. */
export function mockHosts(scene: Scene): Cast {
  const releases: Readonly<Record<string, string>> = { 'host-a': 'ovs-3.2', 'host-b': 'ovs-2.13' };
  return {
    hosts: [
      { name: 'host-a', backend: 'a back-end like Open vSwitch 3.2' },
      { name: 'host-b', backend: 'one like Open vSwitch 2.13' },
    ],
    frontend: 'a front-end',
    async startBackend({ name }, path) {
      const like = releases[name] ?? 'ovs-3.2';
      scene.show(`$ vhost-compat mock-backend listen:${name}/backend.sock --like ${like}`);
      await scene.start('vhost-compat', /^ready/m, 'mock-backend', `listen:${path}`, '--like', like);
    },
    async startFrontend(_host, path) {
      const frontend = await MockFrontend.open({ role: 'connect', path });
      await frontend.negotiate();
    },
  };
}
