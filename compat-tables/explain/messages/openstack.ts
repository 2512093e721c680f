/** Lines of Nova and os-vif about vhost-user ports and live migrations. */
import type { MessageRow } from './message-row.ts';

export const OPENSTACK_MESSAGES: readonly MessageRow[] = [
  {
    id: 'nova-migration-failure',
    program: 'OpenStack',
    pattern: /Live Migration failure: (?<reason>.+)|Live migration failed\.|Pre live migration failed at (?<host>\S+)/,
    example:
      'ERROR nova.virt.libvirt.driver [instance: 11111111-1111-1111-1111-111111111111] Live Migration failure: operation failed: migration job: unexpectedly failed',
    spellings: [
      'ERROR nova.compute.manager [instance: x] Pre live migration failed at compute2: nova.exception.VirtualInterfacePlugException',
    ],
    source:
      'nova/virt/libvirt/driver.py, _live_migration_operation; nova/compute/manager.py, live_migration, Grizzly and later',
    tells: 'symptom',
    means: 'Nova gave up the live migration. The guest stays at the source.',
    culprit: 'What libvirt says after the colon; mostly QEMU of the destination refused the guest.',
    remedy: 'Explain /var/log/libvirt/qemu/instance-….log of the destination host.',
  },
  {
    id: 'nova-migration-timeout',
    program: 'OpenStack',
    pattern: /Live migration not completed after (?<seconds>\d+) sec/,
    example:
      'WARNING nova.virt.libvirt.migration [instance: 11111111-1111-1111-1111-111111111111] Live migration not completed after 800 sec',
    source: 'nova/virt/libvirt/migration.py and driver.py, _live_migration_monitor, Kilo and later',
    means:
      'The guest did not come across in {seconds} seconds, and Nova ends the migration or forces it (live_migration_timeout_action). Nothing was refused.',
    culprit: 'A guest that writes memory faster than the network carries it, or a destination that hangs.',
    remedy:
      'Raise live_migration_completion_timeout or live_migration_downtime, allow auto-converge or post-copy, or load the guest less.',
  },
  {
    id: 'nova-migration-cancelled',
    program: 'OpenStack',
    pattern: /Migration operation (?<what>was cancelled|has aborted)|Successfully cancelled queued live migration/,
    example:
      'WARNING nova.virt.libvirt.driver [instance: 11111111-1111-1111-1111-111111111111] Migration operation was cancelled',
    source: 'nova/virt/libvirt/driver.py, _live_migration_monitor, Kilo and later',
    means:
      'The migration was ended: by a user ("was cancelled"), or by Nova or libvirt ("has aborted"). The guest runs at the source.',
    culprit: 'A user (server-migration abort) or the completion timeout of Nova.',
    remedy: 'Look for "not completed after" in the log of nova-compute.',
  },
  {
    id: 'nova-postcopy-switch',
    program: 'OpenStack',
    pattern: /Failed to switch to post-copy live migration: (?<reason>.+)|live_migration_permit_post_copy is set to/,
    example:
      'WARNING nova.virt.libvirt.migration [instance: x] Failed to switch to post-copy live migration: Requested operation is not valid: post-copy can only be started while outgoing migration is in progress',
    source: 'nova/virt/libvirt/migration.py, trigger_postcopy_switch; driver.py, Newton and later',
    tells: 'symptom',
    means: 'Nova wanted to end a slow migration by post-copy, and libvirt did not do it.',
    culprit: 'A back-end without VHOST_USER_PROTOCOL_F_PAGEFAULT, or a migration that had ended.',
    remedy:
      'Open vSwitch: vhost-postcopy-support=true on both hosts; otherwise set live_migration_permit_post_copy=false.',
  },
  {
    id: 'nova-vif-plug',
    program: 'OpenStack',
    pattern:
      /Virtual Interface creation failed|Virtual interface plug(?:in|ging) failed|Timeout waiting for \[?.*network-vif-plugged|plug_vifs\(\) failed (?<times>\d+)|VirtualInterfaceCreateException|VirtualInterfacePlugException/,
    example:
      "WARNING nova.virt.libvirt.driver [instance: x] Timeout waiting for [('network-vif-plugged', 'a1b2')] for instance with vm_state building and task_state spawning: eventlet.timeout.Timeout: 300 seconds",
    spellings: [
      'nova.exception.VirtualInterfaceCreateException: Virtual Interface creation failed',
      'WARNING nova.compute.manager plug_vifs() failed 1. Retry up to 30.: Virtual interface plugging failed',
    ],
    source: 'nova/virt/libvirt/driver.py, _create_guest_with_network; nova/compute/manager.py, Icehouse and later',
    means: 'Nova waited for Neutron to say that the port is up, and it did not come.',
    culprit:
      'The agent or driver of the network on that host. For a vhost-user port in client mode it is not up before QEMU listens, which waits for Nova: the port must not be waited for, or the agent is away.',
    remedy:
      'Look at the log of the Neutron agent and at `ovs-vsctl show` on that host; compare vif_details of the port (vhostuser_mode).',
  },
  {
    id: 'nova-pre-live-events',
    program: 'OpenStack',
    pattern:
      /Timed out waiting for events: (?<events>.*?)\. If these timeouts are a persistent issue.*?on host (?<host>[\w.-]+)|Timed out waiting for events: (?<short>.+?)\.?$/,
    example:
      "WARNING nova.compute.manager [instance: x] Timed out waiting for events: [('network-vif-plugged', 'a1b2')]. If these timeouts are a persistent issue it could mean the networking backend on host cmp2 does not support sending these events unless there are port binding host changes which does not happen at this point in the live migration process. You may need to disable the live_migration_wait_for_vif_plug option on host cmp2.",
    source: 'nova/compute/manager.py, _do_pre_live_migration_from_source, Stein and later',
    means:
      'Before the live migration Nova waited for Neutron to say that the port is plugged at the destination, and it did not come. With vif_plugging_is_fatal (the default) the migration ends here and the guest stays at the source; without, it goes on.',
    culprit:
      'The network agent of the destination: it does not run, or did not see the port (for a vhost-user port: no port in the bridge yet, another datapath_type). Or a network driver that never sends this event at that moment.',
    remedy:
      'Look at the Neutron agent, `ovs-vsctl show` and the binding of the port at the destination; if its driver never sends the event, set live_migration_wait_for_vif_plug=false there.',
  },
  {
    id: 'nova-vhostuser-path',
    program: 'OpenStack',
    pattern: /vhostuser_sock_path not present in vif_details/,
    example:
      'nova.exception.VifDetailsMissingVhostuserSockPath: vhostuser_sock_path not present in vif_details for vif a1b2',
    source: 'nova/exception.py, VifDetailsMissingVhostuserSockPath, Juno and later',
    means: 'The port is of type vhostuser, and the network driver did not say where its socket is.',
    culprit:
      'A mechanism driver that does not fit the host: datapath_type is not netdev there, or vhostuser_socket_dir is not set.',
    remedy: 'Check datapath_type and vhostuser_socket_dir of the agent on that host, then bind the port again.',
  },
  {
    id: 'nova-vif-type',
    program: 'OpenStack',
    pattern: /Unsupported VIF type (?<type>\S+) convert/,
    example: "nova.exception.NovaException: Unsupported VIF type vhostuser convert '_nova_to_osvif_vif_vhostuser'",
    source: 'nova/network/os_vif_util.py, nova_to_osvif_vif, Newton and later',
    means: 'Nova does not know how to plug a port of type {type}.',
    culprit: 'A network driver that is newer than Nova of this host, or that gives vif_details which no plugin serves.',
    remedy: 'Compare binding:vif_type and vif_details of the port with the releases of Nova and os-vif on that host.',
  },
  {
    id: 'nova-precheck',
    program: 'OpenStack',
    pattern: /Migration pre-check (?:error|failed): (?<reason>.+)/,
    example: "nova.exception.MigrationPreCheckError: Migration pre-check error: CPU doesn't have compatibility.",
    source: 'nova/exception.py, MigrationPreCheckError; conductor/tasks/live_migrate.py, Icehouse and later',
    means:
      'Nova refused the live migration before it began: {reason} The guest stays at the source; no back-end was asked.',
    culprit: 'What stands after the colon.',
    remedy: 'Mend what it names, or let the scheduler choose another host.',
  },
  {
    id: 'nova-binding',
    program: 'OpenStack',
    pattern:
      /Binding failed for port (?<port>[\w-]+)(?: and host (?<host>[\w.-]*\w)|, please check neutron logs)|Unexpected vif_type=(?<type>binding_failed|unbound)|Failed to delete binding for port\(s\) (?<old>\S+)/,
    example: 'ERROR nova.network.neutron [instance: x] Binding failed for port a1b2 and host cmp2.',
    spellings: [
      'nova.exception.PortBindingFailed: Binding failed for port a1b2, please check neutron logs for more information.',
      'nova.exception.InternalError: Unexpected vif_type=binding_failed',
      'nova.exception.PortBindingDeletionFailed: Failed to delete binding for port(s) a1b2 on host cmp2; please check neutron logs for more information',
    ],
    source: 'nova/network/neutron.py, bind_ports_to_host; exception.py, PortBindingFailed, Kilo and later',
    means:
      'Neutron found no driver that can connect the port on that host (or could not take a binding back). Before a live migration this ends it, and the guest stays at the source.',
    culprit:
      'The network agent of the host is down, has no mapping for the physical network, or reports another datapath_type or vnic type than the port needs.',
    remedy:
      'Look at `openstack network agent list` for that host, and for "Failed to bind port" in the log of neutron-server.',
  },
  {
    id: 'nova-binding-activation',
    program: 'OpenStack',
    pattern: /Failed to activate binding for port (?<port>[\w-]+) on host (?<host>[\w.-]*\w)/,
    example:
      'nova.exception.PortBindingActivationFailed: Failed to activate binding for port a1b2 on host cmp2; please check neutron logs for more information',
    source:
      'nova/network/neutron.py, migrate_instance_start; exception.py, PortBindingActivationFailed, Rocky and later',
    means:
      'The guest has arrived at {host}, and Neutron did not switch its port over: the network may still send its packets to the source.',
    culprit: 'neutron-server that did not answer, or a binding that was deleted meanwhile.',
    remedy:
      'Look at the bindings of the port (`openstack port show`) and activate the one of {host}; see the log of neutron-server.',
  },
  {
    id: 'osvif-failed',
    program: 'OpenStack',
    pattern:
      /Failed to (?<verb>plug|unplug) vif (?<vif>\S+)|Failure running os_vif plugin \w+ method: (?<reason>.+)|Failed while (?:un)?plugging (?:ib hostdev )?vif|Unable to execute \[?.*ovs-vsctl.*Exception: |Error during following call to agent: /,
    example: 'ERROR os_vif Failed to plug vif VIFVHostUser(active=False,address=fa:16:3e:00:00:01)',
    source: 'os_vif/__init__.py, plug and unplug; vif_plug_ovs/ovsdb, Mitaka and later',
    tells: 'symptom',
    means: 'os-vif could not add the port to the switch of the host, or remove it.',
    culprit: 'ovsdb-server or ovs-vswitchd that does not answer, or a name that is taken.',
    remedy: 'Look at the lines after this one and at `ovs-vsctl show` on that host.',
  },
];
