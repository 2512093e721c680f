/** The interfaces of one guest: those that name its VM, or those of its front-end process. */
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { HostDocument, InterfaceDocument } from './host-document.ts';

/** Which guest is meant: by the id of its VM, or by its front-end process, whose number or one of whose interfaces is given. */
export type GuestQuestion = { readonly vm: string } | { readonly allOf: string };

/** The keys of external_ids that hold the id of a VM: as OpenStack writes it, and as Open vSwitch's guide for integration has it. */
const VM_KEYS = ['vm-uuid', 'vm-id'] as const;

export interface GuestInterfaces {
  readonly names: readonly string[];
  /** Remarks about how sure that is. */
  readonly notes: readonly string[];
}

/** Throws VC-INTERFACE-UNKNOWN when there are none. */
export function guestInterfaces(source: HostDocument, question: GuestQuestion): GuestInterfaces {
  return 'vm' in question ? ofVm(source, question.vm) : ofProcess(source, question.allOf);
}

function ofVm({ host, system_id, interfaces }: HostDocument, vm: string): GuestInterfaces {
  const names = interfaces.filter((one) => vmIds(one).includes(vm)).map(({ name }) => name);
  if (names.length > 0) return { names, notes: [] };
  const known = [...new Set(interfaces.flatMap((one) => vmIds(one)))];
  const seen = known.length === 0 ? 'no interface names its VM' : `its interfaces are of ${known.join(', ')}`;
  const text = `Cannot find an interface of VM ${vm} on host ${host}: ${seen} (external_ids:${VM_KEYS.join(', ')})`;
  throw new CompatError('VC-INTERFACE-UNKNOWN', text, { host: system_id, vm });
}

function vmIds({ external_ids: ids = {} }: InterfaceDocument): string[] {
  return VM_KEYS.flatMap((key) => (Object.hasOwn(ids, key) ? (ids[key] ?? []) : []));
}

function ofProcess({ host, system_id, interfaces }: HostDocument, peer: string): GuestInterfaces {
  const running = interfaces.filter((one) => one.in_force !== undefined && processOf(one) !== undefined);
  const named = running.find(({ name }) => name === peer);
  const meant = named ?? latest(running.filter((one) => one.peer?.['pid'] === peer));
  if (meant === undefined) {
    const known = [...new Set(running.map((one) => one.peer?.['pid']))].join(', ') || 'none';
    const text = `Cannot find front-end "${peer}" on host ${host}: it is neither the number of a front-end process (${known}) nor an interface that has one`;
    throw new CompatError('VC-INTERFACE-UNKNOWN', text, { host: system_id, interface: peer });
  }
  const names = running.filter((one) => processOf(one) === processOf(meant)).map(({ name }) => name);
  return { names, notes: meant.peer?.['socket'] === undefined ? [] : [ofListener(meant.peer['pid'])] };
}

/** Process numbers are used again: its start and the boot tell processes apart. 0: a process of another name space. */
function processOf({ peer = {} }: InterfaceDocument): string | undefined {
  const { pid = '0', start_time = '', boot_id = '' } = peer;
  return pid === '0' ? undefined : `${pid} ${start_time} ${boot_id}`;
}

/** Of processes of one number, the one that started last. */
function latest(candidates: readonly InterfaceDocument[]): InterfaceDocument | undefined {
  const started = ({ peer }: InterfaceDocument) => Number(peer?.['start_time'] ?? 0);
  return candidates.toSorted((a, b) => started(b) - started(a))[0];
}

/** The kernel names the process that listens, which is libvirtd where libvirt made the socket. */
function ofListener(pid = ''): string {
  return `process ${pid} made the sockets of these interfaces: under libvirt that is libvirtd, which makes those of all its guests; the id of the VM tells them apart`;
}
