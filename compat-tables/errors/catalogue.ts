/** What the exit status of a program says. Scripts rely on these numbers; they never change their meaning. */
export const EXIT = { done: 0, failed: 1, usage: 2, no: 3, unreachable: 4 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

export interface CatalogueRow {
  readonly title: string;
  /** What it means, in a sentence or two. */
  readonly meaning: string;
  /** What to do about it. */
  readonly remedy: string;
  /** The exit status of a program that this error ends; 1 (failed) when absent. */
  readonly exit?: Exit;
}

/**
 * Every error that a user can meet, by its stable code. docs/errors.md is generated from here. A code never changes its
 * meaning; a new meaning needs a new code.
 */
export const CATALOGUE = {
  'VC-MODE-FEATURES': {
    title: 'the back-end lacks features of the mode',
    meaning: 'The version promises virtio features that this back-end does not offer, so the promise cannot be kept.',
    remedy:
      'Pin a version that is usable here (list-versions), or give the back-end the release or setting that offers the named bits.',
    exit: EXIT.no,
  },
  'VC-MODE-PROTOCOL': {
    title: 'the back-end lacks protocol features of the mode',
    meaning: 'The version needs vhost-user protocol features that this back-end does not offer.',
    remedy: 'Pin a version that is usable here, or update the back-end.',
    exit: EXIT.no,
  },
  'VC-MODE-LIMIT': {
    title: 'the back-end stays below a limit of the mode',
    meaning: 'The version promises more queue pairs or larger rings than this back-end gives.',
    remedy:
      'Raise the limit in the back-end (for the DPDK vhost port: the queues argument), or pin a version with a lower limit.',
    exit: EXIT.no,
  },
  'VC-MODE-NONE': {
    title: 'no version is usable',
    meaning: 'None of the versions in the compat tables can be honoured exactly by this back-end.',
    remedy: 'Look at the blockers (list-versions --all), or add an entry of your own for this back-end.',
    exit: EXIT.no,
  },
  'VC-VERSION-UNKNOWN': {
    title: 'the version is in no table',
    meaning: 'A version was named that no loaded compat table defines.',
    remedy: 'Check the spelling (list-versions --all), or install the table file that defines it on this host.',
  },
  'VC-VERSION-UNUSABLE': {
    title: 'the version is not usable on this host',
    meaning: 'The version is known, but the back-end of this host or interface cannot honour it. The blockers say why.',
    remedy: 'Choose a version without blockers (list-versions).',
    exit: EXIT.no,
  },
  'VC-VERSION-DEVICE-TYPE': {
    title: 'the version belongs to another device type',
    meaning: 'Versions form a collection of their own for each device type.',
    remedy: 'Choose a version of the device type of the interface.',
    exit: EXIT.no,
  },
  'VC-VERSION-EXISTS': {
    title: 'the version is defined already with other content',
    meaning: 'Entries are immutable: a version string that a host knows cannot be given another content.',
    remedy: 'Choose another version string (baseline --name), or leave the definition as it is.',
  },
  'VC-VERSION-SCHEME': {
    title: 'the version number does not allow the move',
    meaning:
      'In a collection of major.minor versions a device moves to the same major and the same or a later minor only.',
    remedy: 'Update the software of the target, or choose a target that is not older.',
  },
  'VC-BACKEND-UNKNOWN': {
    title: 'nothing is known of the back-end yet',
    meaning: 'No back-end has been measured on this host, and none is declared in the configuration.',
    remedy: 'Add an interface whose back-end is running, or declare the back-end in the configuration of the agent.',
    exit: EXIT.no,
  },
  'VC-BACKEND-CONNECT': {
    title: 'no back-end answers at the socket',
    meaning: 'A probe could not connect: nothing listens at the path.',
    remedy:
      'Start the back-end, and check the path and the role: connect:PATH for a back-end that listens, listen:PATH for one that connects.',
    exit: EXIT.unreachable,
  },
  'VC-SELECT-NONE': {
    title: 'no common version',
    meaning: 'No version is usable on all the hosts.',
    remedy: 'select --explain names for each version the host that lacks it and why.',
    exit: EXIT.no,
  },
  'VC-MOVE': {
    title: 'the interface cannot move there',
    meaning: 'The destination cannot offer, in any of its versions, what the guest has taken and uses.',
    remedy: 'check-move names each reason with its own remedy; the guest goes on where it is.',
    exit: EXIT.no,
  },
  'VC-MOVE-DIRECTION': {
    title: 'the version moves to newer hosts only',
    meaning: 'The guest runs in a version of the tier forward-only, and the destination is not newer.',
    remedy: 'Choose a newer host, or restart the guest in a version that moves both ways.',
    exit: EXIT.no,
  },
  'VC-MIGRATE-LOG': {
    title: 'a guest on this back-end cannot be migrated',
    meaning:
      'QEMU migrates only from back-ends that record which pages they write (VHOST_F_LOG_ALL) and share the record (VHOST_USER_PROTOCOL_F_LOG_SHMFD).',
    remedy: 'Update the back-end, or shut the guest down and start it on the other host.',
    exit: EXIT.no,
  },
  'VC-DRAIN': {
    title: 'a host cannot be drained',
    meaning: 'Some interfaces of the host can go to none of the targets.',
    remedy:
      'drain names the reason for each; give more targets, or restart those guests in a version that others have.',
    exit: EXIT.no,
  },
  'VC-UPGRADE': {
    title: 'a change of the back-end would break something in use',
    meaning: 'With the other back-end, running guests would not come back, or pins could not be honoured.',
    remedy: 'Move or stop the guests that are named, or change the pins, before the back-end is changed.',
    exit: EXIT.no,
  },
  'VC-DEFAULT-IN-USE': {
    title: 'the default would be narrower than what runs',
    meaning: 'Running interfaces without a pin use features or sizes that the new default version does not have.',
    remedy:
      'Pin those interfaces to the version in force, or use --force: running guests keep what they have until they stop.',
    exit: EXIT.no,
  },
  'VC-DIGEST-DIFFERS': {
    title: 'equal version strings with different content',
    meaning: 'Two hosts define the same version string differently. Such a version is never selected.',
    remedy:
      'Find the host whose table was changed and restore the published entry; a changed mask needs a new version string.',
    exit: EXIT.no,
  },
  'VC-ACK-OUTSIDE-OFFER': {
    title: 'the front-end accepted features that were not offered',
    meaning: 'SET_FEATURES or SET_PROTOCOL_FEATURES carried bits that the mode does not contain.',
    remedy:
      'A running guest keeps what it once accepted: pin the version it was started with, or restart the front-end process.',
  },
  'VC-FEATURES-RUNNING': {
    title: 'features would change while the device runs',
    meaning: 'While rings run, SET_FEATURES may only switch VHOST_F_LOG_ALL; a back-end would refuse or break.',
    remedy: 'Report the version of the front-end; a guest reset or driver re-bind stops the rings first.',
  },
  'VC-RING-SIZE': {
    title: 'a ring is larger than the mode allows',
    meaning: 'SET_VRING_NUM asked for more descriptors than the ring_size limit of the mode.',
    remedy: 'Lower rx_queue_size and tx_queue_size of the device, or pin a version with a higher limit.',
  },
  'VC-QUEUE-PAIRS': {
    title: 'a ring beyond the queue pairs of the mode',
    meaning: 'The front-end started a ring although GET_QUEUE_NUM had told it that there are fewer queue pairs.',
    remedy: 'Lower queues= of the device, or pin a version with more queue pairs.',
  },
  'VC-FRONTEND-BUSY': {
    title: 'a second front-end came while one is connected',
    meaning: 'An interface serves one front-end at a time; the second connection was closed.',
    remedy: 'Find the other process that uses this socket path.',
  },
  'VC-VHOST-HEADER': {
    title: 'a vhost-user message has a wrong header',
    meaning: 'The flags do not carry version 1, or a reply came where a request was due.',
    remedy: 'Check that the peer speaks vhost-user on this socket.',
  },
  'VC-VHOST-SIZE': {
    title: 'a vhost-user message has a wrong size',
    meaning: 'The payload is longer than any message may be, or does not fit its request.',
    remedy: 'Check that the peer speaks vhost-user on this socket; if it does, report its version.',
  },
  'VC-VHOST-FDS': {
    title: 'a vhost-user message has the wrong descriptors',
    meaning: 'More or fewer file descriptors came with a message than its request allows.',
    remedy: 'Check the peer; report its version if it is a released one.',
  },
  'VC-VHOST-TRUNCATED': {
    title: 'the kernel dropped descriptors of a message',
    meaning: 'The agent is out of file descriptors, or a security module (SELinux, AppArmor) forbade them.',
    remedy: 'Raise the limit of open files of the agent; look for denials in the audit log.',
  },
  'VC-VHOST-IO': {
    title: 'a vhost-user socket failed',
    meaning: 'The operating system refused to read from or write to the socket of a front-end or back-end.',
    remedy: 'The message names the error; look for exhausted limits (open files, descriptors in flight) of the agent.',
  },
  'VC-VHOST-FLOOD': {
    title: 'a peer sends but does not read',
    meaning: 'More waits for this peer than any correct one leaves unread, so its connection was closed.',
    remedy: 'Check that the peer speaks vhost-user on this socket; if it does, report its version.',
  },
  'VC-VHOST-GONE': {
    title: 'a back-end hung up before it answered',
    meaning: 'The back-end closed the connection while it was asked about its features.',
    remedy: 'Look into the log of the back-end; it may serve only one connection at a time.',
  },
  'VC-VHOST-TIMEOUT': {
    title: 'a back-end did not answer',
    meaning: 'The back-end accepted the connection but did not answer the questions about its features in time.',
    remedy: 'Check that the back-end process runs and is not stopped.',
    exit: EXIT.unreachable,
  },
  'VC-VHOST-PARTIAL': {
    title: 'a peer began a message and did not finish it',
    meaning: 'The first bytes of a message came and no more for ten seconds, so the connection was closed.',
    remedy: 'Check that the peer speaks vhost-user on this socket; if it does, report its version.',
  },
  'VC-KEEP': {
    title: 'an interface would not survive the end of the agent',
    meaning:
      'The keeper did not take copies of its descriptors, or its journal could not be written. It works, but is not kept.',
    remedy:
      'Make room in the run directory and raise FileDescriptorStoreMax; the next connection of the front-end is kept again.',
  },
  'VC-KEEP-PACKED': {
    title: 'a packed ring without a keeper',
    meaning:
      'The guest uses packed rings, which do not recover when the agent ends and the connection is made anew (the guest driver would have to be bound again), and no keeper has the descriptors.',
    remedy: 'Start the agent with --supervise, or under systemd with FileDescriptorStoreMax.',
  },
  'VC-AGENT-STARTING': {
    title: 'the agent is starting',
    meaning: 'A front-end came while the agent had taken over kept connections, but not read its tables yet.',
    remedy: 'None: the interface is served as soon as the agent is ready.',
  },
  'VC-RESUME': {
    title: 'connections of an earlier agent could not be continued',
    meaning:
      'What the earlier agent left does not fit together, or it cannot be known what a peer has seen. The connections were closed rather than guessed about.',
    remedy: 'None when the front-end reconnects; otherwise restart the guest.',
  },
  'VC-ENDPOINT': {
    title: 'an endpoint cannot be used',
    meaning: 'An endpoint is not of the form listen:PATH or connect:PATH, or its path cannot be used.',
    remedy: 'Give an absolute path of at most 107 bytes in a directory that the agent may write to.',
    exit: EXIT.usage,
  },
  'VC-ENDPOINT-TAKEN': {
    title: 'another process uses the socket path',
    meaning: 'The path to listen on is served by another process already, or another interface has it.',
    remedy: 'Choose another path, or end the other process.',
  },
  'VC-INTERFACE-EXISTS': {
    title: 'the interface exists already',
    meaning: 'An interface of this name is in the database.',
    remedy: 'Choose another name, or use --may-exist.',
  },
  'VC-INTERFACE-UNKNOWN': {
    title: 'there is no such interface',
    meaning: 'No interface of this name is in the database of this host.',
    remedy: 'Check the name (list-interfaces), or use --if-exists.',
  },
  'VC-INTERFACE-NAME': {
    title: 'the name of an interface cannot be used',
    meaning: 'A name has 1 to 63 characters, each a letter, a digit or one of _ . : and -.',
    remedy: 'Choose another name.',
  },
  'VC-HOST-UNKNOWN': {
    title: 'there is no such host',
    meaning: 'The database holds no row for this host, or several where one was expected.',
    remedy: 'Name the host by its system id or host name; check that its agent has run.',
  },
  'VC-HOST-STALE': {
    title: 'the agent of a host gives no sign of life',
    meaning:
      'An agent writes to the database every 10 seconds that it is alive. This one has not for longer than three times that: what is known of its host may no longer be so, and changes are not applied there.',
    remedy:
      'Look whether vhost-compatd runs on the host and reaches the database, and whether the clocks of both machines agree.',
  },
  'VC-SYSTEM-ID-TAKEN': {
    title: 'two agents have one system id',
    meaning:
      'Another agent is connected to the same database under the system id of this one, so that both write the same host. Machines that were cloned together with the state directory of the agent do that.',
    remedy:
      'Give each host an id of its own: set system_id, or remove the file system-id in the state directory of the copy, and start its agent again.',
  },
  'VC-TABLE': {
    title: 'a compat table cannot be read',
    meaning: 'A table file is not what the format asks for. The message names file, entry and reason.',
    remedy: 'Correct the file; the entries of all other files stay in use.',
  },
  'VC-TABLE-CHANGED': {
    title: 'a published entry was changed',
    meaning: 'Entries are immutable: the same version string now has another digest.',
    remedy: 'Restore the entry and give the changed one a new version string.',
  },
  'VC-ROW-CHANGED': {
    title: 'a published version was changed in the database',
    meaning:
      'A Compat_Version row no longer holds what its digest stands for: somebody other than the agent wrote it. The entry of the table is published again; a version that is in no table is published no longer.',
    remedy:
      'Find the client that writes Compat_Version and give it a read-only remote (db_remotes_ro); define a version again that only the database had.',
  },
  'VC-MASK': {
    title: 'a feature mask cannot be read',
    meaning: 'A mask is neither a hexadecimal number nor a list of feature names of the specification.',
    remedy: 'Write 0x… or names such as VIRTIO_NET_F_MTU.',
  },
  'VC-DOCUMENT': {
    title: 'a host document cannot be read',
    meaning: 'A saved describe document is not of the expected form.',
    remedy: 'Write it again with vhost-compat describe.',
  },
  'VC-EXPLAIN-NONE': {
    title: 'no line of the text is known',
    meaning: 'The text holds no line that we can explain, and none of our codes.',
    remedy:
      'Paste whole lines as the program wrote them, with the lines around; a bare mask is decoded with vhost-compat decode.',
    exit: EXIT.no,
  },
  'VC-DOCUMENT-FIELD': {
    title: 'a device has a field that the other cannot take in',
    meaning: 'The documents of two devices were compared, and a field of the one is not what the other accepts.',
    remedy: 'Create the device with fields that the target accepts, or choose another target.',
  },
  'VC-RELEASE-UNKNOWN': {
    title: 'the release is not in the tables',
    meaning: 'No known back-end release has this name.',
    remedy: 'Use one of the names that the message lists.',
    exit: EXIT.usage,
  },
  'VC-CONFIG': {
    title: 'the configuration is wrong',
    meaning: 'The configuration file or a flag of the agent cannot be used.',
    remedy: 'Correct what the message names.',
    exit: EXIT.usage,
  },
  'VC-DB-CONNECT': {
    title: 'cannot connect to the database',
    meaning: 'No OVSDB server answers at the given remote.',
    remedy: 'Check that the agent or ovsdb-server runs and that the remote (--db) is right.',
    exit: EXIT.unreachable,
  },
  'VC-DB-OPEN': {
    title: 'the database file cannot be opened',
    meaning:
      'The file of the embedded database is in use by another process, damaged, of another schema, or not accessible.',
    remedy: 'End the other agent, or choose another file with --database; the message says what is in the way.',
  },
  'VC-DB-SCHEMA': {
    title: 'the database is not ours or of another version',
    meaning: 'The server holds no Vhost_Compat database, or one whose schema does not fit.',
    remedy: 'Check --db; create or convert the database with the schema of this release.',
  },
  'VC-DB-TRANSACTION': {
    title: 'the database refused a transaction',
    meaning: 'The OVSDB server answered a transaction with an error.',
    remedy: 'The message carries the answer of the server.',
  },
  'VC-TIMEOUT': {
    title: 'the time given with --timeout is over',
    meaning: 'The operation did not finish in the time given.',
    remedy: 'Give more time, or look why the agent or the server does not answer.',
    exit: EXIT.unreachable,
  },
  'VC-API-CONNECT': {
    title: 'cannot connect to the management API',
    meaning: 'No agent answers on the socket of the management API, or the connection ended.',
    remedy: 'Check that vhost-compatd runs and that the path of its API socket is right.',
    exit: EXIT.unreachable,
  },
  'VC-API-LISTEN': {
    title: 'the management API cannot be served',
    meaning:
      'The socket of the management API cannot be opened: another process serves it, or the path cannot be used.',
    remedy: 'End the other process, or give another path (--api).',
  },
  'VC-API-PARAMS': {
    title: 'parameters of an API call are wrong',
    meaning: 'A parameter is missing, of the wrong type or not known.',
    remedy: 'Correct the parameter that the message names.',
  },
  'VC-USAGE': {
    title: 'the command line is wrong',
    meaning: 'A command, an option or an argument cannot be understood.',
    remedy: 'See vhost-compat --help.',
    exit: EXIT.usage,
  },
  'VC-INTERNAL': {
    title: 'an error of our own',
    meaning: 'Something went wrong that should not have; the log has the details.',
    remedy: 'Please report it with the log.',
  },
} as const satisfies Record<`VC-${string}`, CatalogueRow>;

export type ErrorCode = keyof typeof CATALOGUE;
