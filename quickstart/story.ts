import { featureNames, formatMask } from '../compat-tables/bits/mask.ts';
import { guestFeatures } from '../compat-tables/bits/named-masks.ts';
import { VIRTIO_NET } from '../compat-tables/bits/virtio-net.ts';
import type { Scene } from './scene.ts';

/** The programs in the parts of back-ends and front-end. */
export interface Cast {
  /** The two hosts: a name, and what its back-end is, in words. */
  readonly hosts: readonly [Host, Host];
  /** The front-end, in words. */
  readonly frontend: string;
  /** Starts the back-end of a host at the path it is told. */
  startBackend(host: Host, path: string): Promise<void>;
  /** Lets a front-end probe at the path; settles when it was offered something. */
  startFrontend(host: Host, path: string): Promise<void>;
}

export interface Host {
  readonly name: string;
  readonly backend: string;
}

interface ShownInterface {
  readonly state: string;
  readonly backend_features?: string;
  readonly offered_features?: string;
  readonly in_force?: string;
}

interface ShownVersions {
  readonly versions: readonly { readonly version: string; readonly usable: boolean }[];
}

/** Where everything of one host stands. */
interface Place {
  readonly host: Host;
  readonly db: string;
  readonly backend: string;
  readonly frontend: string;
}

/** Tells the story; throws when something does not come out as it must. */
export async function tell(scene: Scene, cast: Cast): Promise<void> {
  const places = cast.hosts.map((host) => placeOf(scene, host));
  const [a, b] = places;
  if (!a || !b) throw new Error('The story needs two hosts');

  scene.say(
    `Two hosts. ${capital(a.host.name)} has ${a.host.backend}, ${b.host.name} has ${b.host.backend}. On each runs an agent:`,
  );
  for (const place of places) await raise(scene, cast, place);

  scene.say('A guest interface on each. The agent stands between the back-end and the place where QEMU will connect:');
  for (const place of places) await addInterface(scene, place);

  scene.say(
    'Each agent has asked its back-end what it can do. It lists the versions that it can honour exactly, most preferred first:',
  );
  for (const place of places) await scene.must('--db', place.db, 'list-versions', '--columns', 'version,summary');

  const known = await versions(scene, a);
  const elsewhere = new Set((await versions(scene, b)).filter((one) => one.usable).map((one) => one.version));
  const usable = known.filter((one) => one.usable).map((one) => one.version);
  const only = usable.find((version) => !elsewhere.has(version));
  if (only === undefined) throw new Error(`${a.host.name} should have a version that ${b.host.name} lacks`);
  const what =
    only === usable[0] ? `The newest that ${a.host.name} has is ${only}` : `${capital(a.host.name)} has ${only}`;
  scene.say(`${what}. Pinned on ${b.host.name}, it would promise what that back-end lacks, so it is refused:`);
  const refused = await scene.run('--db', b.db, 'pin', 'vhu0', only);
  if (refused.code !== 3)
    throw new Error(`${b.host.name} should have refused ${only} with exit code 3, saw ${refused.code}`);

  scene.say('So let a client choose: the first version of the source that the other host has too.');
  const selected = (await scene.must('select', a.db, b.db)).stdout.trim();

  scene.say(`Both interfaces are pinned to ${selected}:`);
  for (const place of places) await scene.must('--db', place.db, 'pin', 'vhu0', selected);

  scene.say(`Now ${cast.frontend} probes both:`);
  const offers: string[] = [];
  for (const place of places) offers.push(await probe(scene, cast, place, selected));
  if (offers.some((offer) => offer !== offers[0]))
    throw new Error(`The hosts offered different features: ${offers.join(' and ')}`);

  scene.say(
    `The same features on both hosts, whatever their back-ends can do beyond. A guest that starts on ${a.host.name} runs on ${b.host.name}.`,
  );
}

function placeOf(scene: Scene, host: Host): Place {
  const dir = scene.folder(host.name);
  return { host, db: `unix:${dir}/db.sock`, backend: `${dir}/backend.sock`, frontend: `${dir}/frontend.sock` };
}

async function raise(scene: Scene, cast: Cast, { host, backend }: Place): Promise<void> {
  const dir = scene.folder(host.name);
  await cast.startBackend(host, backend);
  scene.show(`$ vhost-compatd --run-dir ${host.name} --state-dir ${host.name} --socket-dir ${host.name}`);
  const dirs = ['--run-dir', dir, '--state-dir', dir, '--socket-dir', dir];
  const args = [...dirs, '--hostname', host.name, '--system-id', host.name];
  await scene.start('vhost-compatd', /event=api-listening/, ...args);
}

async function addInterface(scene: Scene, { host, db, backend, frontend }: Place): Promise<void> {
  await scene.must(
    '--db',
    db,
    'add-interface',
    'vhu0',
    '--backend',
    `connect:${backend}`,
    '--frontend',
    `listen:${frontend}`,
  );
  await scene.until(`an answer of the back-end of ${host.name}`, async () => {
    const shown = await show(scene, db);
    return shown.state === 'waiting-frontend' ? shown : undefined;
  });
}

async function versions(scene: Scene, { db }: Place): Promise<ShownVersions['versions']> {
  const { stdout } = await scene.quietly('--db', db, '--format', 'json', 'list-versions', '--all');
  return (JSON.parse(stdout) as ShownVersions).versions;
}

async function show(scene: Scene, db: string): Promise<ShownInterface> {
  const { stdout, stderr, code } = await scene.quietly('--db', db, '--format', 'json', 'show-interface', 'vhu0');
  if (code !== 0) throw new Error(`show-interface failed: ${stderr}`);
  return (JSON.parse(stdout) as { interface: ShownInterface }).interface;
}

/** Lets the front-end in and returns the guest-visible part of what it was offered. */
async function probe(scene: Scene, cast: Cast, place: Place, wanted: string): Promise<string> {
  await cast.startFrontend(place.host, place.frontend);
  const shown = await scene.until(`the front-end on ${place.host.name}`, async () => {
    const seen = await show(scene, place.db);
    return seen.offered_features === undefined ? undefined : seen;
  });
  const offered = BigInt(shown.offered_features ?? '0');
  const guest = guestFeatures(offered);
  scene.show(
    `${place.host.name}: back-end ${shown.backend_features ?? '?'}, in force ${shown.in_force ?? '?'}, offered ${formatMask(offered)}`,
  );
  const cut = featureNames(VIRTIO_NET, guestFeatures(BigInt(shown.backend_features ?? '0')) & ~guest);
  scene.show(`${' '.repeat(place.host.name.length)}  kept from the guest: ${cut.join(', ') || 'nothing'}`);
  if (shown.in_force !== wanted)
    throw new Error(`On ${place.host.name} ${shown.in_force ?? 'nothing'} is in force; wanted ${wanted}`);
  return formatMask(guest);
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
