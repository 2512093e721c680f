import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { needs, needsThat } from '../../../peers/needs.ts';
import { Peers } from '../../../peers/process.ts';
import { contentsOfDump } from './graph.ts';
import { OURS, REAL } from './served.ts';

const run = promisify(execFile);
const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';

/** One line for each call of ovs-vsctl, as somebody would type them; `'…'` keeps blanks together. */
const STEPS: readonly { title: string; commands: readonly string[] }[] = [
  { title: 'init', commands: ['init', 'init', 'show', 'emer-reset'] },
  {
    title: 'add-br and add-port',
    commands: [
      'add-br br0',
      'add-br br0',
      '--may-exist add-br br0',
      'add-br br1',
      'add-port br0 p0',
      'add-port br0 p0',
      '--may-exist add-port br0 p0',
      'add-port br0 p1 tag=5 trunks=[] -- set Interface p1 type=internal ofport_request=7',
      'add-bond br1 bond0 e0 e1 e2 bond_mode=balance-slb',
      'list-br',
      'list-ports br0',
      'list-ifaces br1',
      'port-to-br p1',
      'iface-to-br e1',
      'br-exists br0',
      'br-exists nope',
      'add-br vlan br0 42',
      'br-to-vlan vlan',
      'br-to-parent vlan',
    ],
  },
  {
    title: 'set, get, add, remove and clear',
    commands: [
      'set Interface p0 external_ids:a=b mtu_request=9000',
      'set Interface p0 options:remote_ip=1.2.3.4 \'external_ids:c="x y"\'',
      'get Interface p0 external_ids mtu_request type',
      'get Interface p0 external_ids:a',
      'get Interface p0 external_ids:none',
      '--if-exists get Interface p0 external_ids:none',
      'get Interface nope type',
      '--if-exists get Interface nope type',
      'set Bridge br0 stp_enable=true protocols=OpenFlow10,OpenFlow13 other_config:hwaddr=aa:bb:cc:dd:ee:ff',
      'set Bridge br0 stp_enable=perhaps',
      'set Bridge br0 fail_mode=none',
      'set Bridge br0 fail_mode=secure',
      'add Bridge br0 protocols OpenFlow14',
      'add Bridge br0 other_config k=v',
      'remove Bridge br0 protocols OpenFlow10',
      'remove Bridge br0 other_config hwaddr',
      'remove Bridge br0 other_config k=w',
      'get Bridge br0 protocols other_config fail_mode',
      'clear Bridge br0 fail_mode protocols',
      'clear Bridge br0 name',
      'set Port p1 tag=4096',
      'set Port p1 tag=1 trunks=1,2,3',
      'remove Port p1 trunks 2 -- add Port p1 trunks 9',
      'get Port p1 tag trunks',
      'set Interface p0 ingress_policing_rate=-1',
      'set Interface p0 lacp_current=true',
      'br-set-external-id br0 id one',
      'br-get-external-id br0 id',
      'br-set-external-id br0 id',
      'set-fail-mode br1 standalone',
      'get-fail-mode br1',
      'del-fail-mode br1',
      'set-controller br0 tcp:127.0.0.1:6653 ptcp:6654',
      'get-controller br0',
      'del-controller br0',
      'set-manager ptcp:6640',
      'get-manager',
      'del-manager',
    ],
  },
  {
    title: 'list and find',
    commands: [
      '--columns=name,type,mtu_request --format=csv list Interface p0 p1',
      '--columns=name --no-headings find Interface type=internal name!=br0 name!=br1 name!=vlan',
      '--columns=name --no-headings find Interface external_ids:a=b',
      '--columns=name --no-headings find Port tag>=1',
      '--columns=name --no-headings find Port trunks{>=}1,9',
      '--columns=name find Port trunks{=}7',
      'list Interface nope',
      '--if-exists list Interface nope',
      'list Nope',
      '--columns=name,ports --format=json --no-headings find Bridge name=nope',
    ],
  },
  {
    title: 'create with @id, and several commands in one transaction',
    commands: [
      '-- --id=@m create Mirror name=m0 select_all=true -- add Bridge br0 mirrors @m',
      '-- --id=@p get Port p0 -- --id=@m create Mirror name=m1 select_dst_port=@p output_port=@p -- add Bridge br0 mirrors @m',
      '-- set Port p1 qos=@q -- --id=@q create QoS type=linux-htb other_config:max-rate=1000 queues:0=@q0 queues:1=@q1 -- --id=@q0 create Queue dscp=1 -- --id=@q1 create Queue other_config:min-rate=5',
      'create Queue dscp=3',
      '--id=@n create Queue dscp=3',
      '-- --id=@nf create NetFlow targets="127.0.0.1:1" active_timeout=30 -- set Bridge br0 netflow=@nf',
      '-- add-port br0 p2 -- set Interface p2 type=internal -- set Port p2 tag=3 -- get Interface p2 type',
      '-- add-port br0 p3 -- set Interface p3 nope=1',
      '-- add-port br0 p4 -- add-port br0 p4',
      '-- del-port br0 p2 -- add-port br1 p2',
      'get Bridge br0 nope',
      'remove Bridge br0 mirrors @x',
      '--all destroy Queue',
      '--if-exists destroy Queue nope',
      'destroy Mirror m1',
    ],
  },
  {
    title: 'wait-until',
    commands: [
      'wait-until Interface p0 mtu_request=9000',
      'wait-until Interface p0 external_ids:a=b -- get Interface p0 name',
      '--timeout=1 wait-until Interface p0 mtu_request=1',
    ],
  },
  {
    title: 'emer-reset, del-port and del-br',
    commands: [
      'emer-reset',
      'del-port br0 p0',
      'del-port br0 p0',
      '--if-exists del-port br0 p0',
      '--if-exists del-port nope',
      'del-port br0 p2',
      'del-port p1',
      'del-br vlan',
      'show',
      'del-br br1',
      'del-br br1',
      '--if-exists del-br br1',
      '-- del-br br0 -- add-br br2 -- set Bridge br2 datapath_type=netdev',
      'show',
    ],
  },
];

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

/** What a command says, without what differs from run to run: UUIDs, the order of lines, the clock. */
async function say(remote: string, line: string): Promise<string> {
  const args = [`--db=${remote}`, '--no-wait', '--no-syslog', '--timeout=20', ...words(line)];
  const clean = (text: string): string =>
    text
      .replaceAll(UUID, '<uuid>')
      .replaceAll(/\d{4}-\d\d-\d\dT\S+?Z\|/g, '')
      .replaceAll(remote, '<remote>')
      .split('\n')
      .sort()
      .join('\n');
  try {
    const { stdout, stderr } = await run('ovs-vsctl', args);
    return `${clean(stdout)}${clean(stderr)}`;
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number; stdout?: string; stderr?: string };
    return `exit ${code}: ${clean(stdout ?? '')}${clean(stderr ?? '')}`;
  }
}

describe('ovs-vsctl says and does the same with our server as with ovsdb-server', function () {
  this.timeout(60_000);
  const peers = new Peers();
  let ours = '';
  let real = '';
  before(async function () {
    needs(this, 'ovs-vsctl', 'openvswitch-switch');
    needsThat(this, existsSync(SCHEMA), SCHEMA, 'openvswitch-switch');
    REAL.require(this);
    [ours, real] = await Promise.all([OURS.serve(peers, SCHEMA), REAL.serve(peers, SCHEMA)]);
  });
  after(() => peers.end());

  const contents = async (remote: string): Promise<string[]> =>
    contentsOfDump(
      (await run('ovsdb-client', ['--format=json', '--no-headings', 'dump', remote, 'Open_vSwitch'])).stdout,
    );

  for (const { title, commands } of STEPS) {
    it(title, async () => {
      for (const line of commands) {
        const [mine, theirs] = await Promise.all([say(ours, line), say(real, line)]);
        assert.equal(mine, theirs, line);
      }
      assert.deepEqual(await contents(ours), await contents(real));
    });
  }
});
