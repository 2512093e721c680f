/** Errors of a port: its front-end and back-end, their messages, its sockets, and how it outlives the agent. */
export const PORT_ERRORS = {
  'VC-ACK-OUTSIDE-OFFER': {
    title: 'the front-end accepted features that were not offered',
    meaning:
      'SET_FEATURES or SET_PROTOCOL_FEATURES carried features that the version does not contain. Where no version has them, because the back-end does not offer them or QEMU decides about them alone, the message says so.',
    remedy:
      'A running guest keeps what it once accepted: pin the version it was started with, or restart the front-end process. Where no version has the features, the front-end is at fault: report its release.',
  },
  'VC-FEATURES-RUNNING': {
    title: 'features would change while the device runs',
    meaning: 'While rings run, SET_FEATURES may only switch VHOST_F_LOG_ALL; a back-end would refuse or break.',
    remedy:
      'Reset the guest or bind its driver again, which stops the rings first, and report the release of the front-end.',
  },
  'VC-RING-SIZE': {
    title: 'a ring is larger than the version allows',
    meaning: 'SET_VRING_NUM asked for more descriptors than the ring_size limit of the version.',
    remedy: 'Lower rx_queue_size and tx_queue_size of the device, or pin a version with a higher limit.',
  },
  'VC-QUEUE-PAIRS': {
    title: 'a ring beyond the queue pairs of the version',
    meaning: 'The front-end started a ring of a queue pair above the number that it got from GET_QUEUE_NUM.',
    remedy: 'Lower queues= of the device, or pin a version with more queue pairs.',
  },
  'VC-FRONTEND-BUSY': {
    title: 'a second front-end came while one is connected',
    meaning: 'An interface serves one front-end at a time; the second connection was closed.',
    remedy: 'Find the other process that uses this socket path (ss -xp).',
  },
  'VC-VHOST-HEADER': {
    title: 'a vhost-user message has a wrong header',
    meaning: 'The flags do not carry version 1, or a reply came where a request was due.',
    remedy: 'Check that the peer speaks vhost-user on this socket.',
  },
  'VC-VHOST-SIZE': {
    title: 'a vhost-user message has a wrong size',
    meaning: 'The payload is longer than any message may be, or does not fit its request.',
    remedy: 'Check that the peer speaks vhost-user on this socket; if it does, report its release.',
  },
  'VC-VHOST-NUMBER': {
    title: 'a back-end answers with an impossible number',
    meaning: 'The back-end says that it has more queue pairs than any virtio device can have.',
    remedy: 'Check that the peer speaks vhost-user on this socket; if it does, report its release.',
  },
  'VC-VHOST-FDS': {
    title: 'a vhost-user message has the wrong descriptors',
    meaning: 'More or fewer file descriptors came with a message than its request allows.',
    remedy: 'Check that the peer speaks vhost-user on this socket; if it does, report its release.',
  },
  'VC-VHOST-FILE': {
    title: 'a peer sent a descriptor that may never close',
    meaning:
      'A file descriptor came that only closes when somebody else likes: a file that another process or machine serves (FUSE, NFS), or a network socket. Its connection was closed; the interface serves its peers again when the descriptor is closed.',
    remedy:
      'vhost-user needs memory, event counters, pipes and unix sockets only. Put the memory of the guest on hugetlbfs, tmpfs, memfd or a local disk; else find out what that process is.',
  },
  'VC-VHOST-TRUNCATED': {
    title: 'the kernel dropped descriptors of a message',
    meaning: 'The agent is out of file descriptors, or a security module (SELinux, AppArmor) forbade them.',
    remedy: 'Raise the limit of open files of the agent; look for denials in the audit log.',
  },
  'VC-VHOST-IO': {
    title: 'a vhost-user socket failed',
    meaning: 'The operating system refused to read from or write to the socket of a front-end or back-end.',
    remedy:
      'The message names the error; if it is a limit (open files, descriptors in flight), raise that of the agent.',
  },
  'VC-VHOST-FLOOD': {
    title: 'a peer sends but does not read',
    meaning: 'More is queued for this peer than any correct one leaves unread, so its connection was closed.',
    remedy: 'Check that the peer speaks vhost-user on this socket; if it does, report its release.',
  },
  'VC-VHOST-GONE': {
    title: 'a back-end hung up before it answered',
    meaning: 'The back-end closed the connection while it was asked about its features.',
    remedy: 'Look at the log of the back-end; it may serve only one connection at a time.',
  },
  'VC-VHOST-TIMEOUT': {
    title: 'a back-end did not answer in time',
    meaning: 'No back-end connected, or it did not answer the questions about its features.',
    remedy:
      'Check that the back-end process runs, is not stopped, and uses this path; `vhost-compat --timeout` gives it more time.',
    exit: 'unreachable',
  },
  'VC-VHOST-PARTIAL': {
    title: 'a peer began a message and did not finish it',
    meaning: 'The first bytes of a message came and no more for ten seconds, so the connection was closed.',
    remedy: 'Check that the peer speaks vhost-user on this socket; if it does, report its release.',
  },
  'VC-KEEP': {
    title: 'an interface would not survive the end of the agent',
    meaning:
      'The interface works, but its connections are not kept: the keeper did not take copies of its descriptors, or its journal could not be written.',
    remedy:
      'For descriptors, raise FileDescriptorStoreMax; for the journal, make room in relay_dir. The next connection of the front-end is kept again.',
  },
  'VC-KEEP-PACKED': {
    title: 'a packed ring without a keeper',
    meaning:
      'The guest uses packed rings. When the agent ends, they do not recover over a new connection (the driver in the guest would have to be bound again), and no keeper has the descriptors.',
    remedy: 'Start the agent with `vhost-compatd --supervise`, or under systemd with FileDescriptorStoreMax.',
  },
  'VC-RELAY-AWAY': {
    title: 'the relay process is away',
    meaning:
      'The manager process has lost its connection to the relay process, which serves the ports. Nothing is known of the interfaces until it is back.',
    remedy:
      'Look at the log of the agent for why the relay process ended (journalctl -u vhost-compatd) and start it; running guests go on when it is back.',
  },
  'VC-AGENT-STARTING': {
    title: 'the agent is starting',
    meaning: 'A front-end came after the agent had taken over kept connections and before it had read its tables.',
    remedy: 'Nothing needs to be done: the interface is served as soon as the agent is ready.',
  },
  'VC-RESUME': {
    title: 'connections of an earlier agent could not be continued',
    meaning:
      'What the earlier agent left is inconsistent, or it cannot be known what a peer has seen. The agent closed the connections instead of guessing.',
    remedy: 'Nothing needs to be done if the front-end reconnects; otherwise restart the guest.',
  },
  'VC-ORDERS': {
    title: 'last orders could not be read',
    meaning:
      'The relay process keeps what it was ordered last in relay_dir, a file for each interface. One of these files is not what it wrote; the message names it. The other interfaces are served.',
    remedy: 'Nothing needs to be done while the manager process runs: it orders the interface again. Remove the file.',
  },
  'VC-ENDPOINT': {
    title: 'an endpoint cannot be used',
    meaning: 'An endpoint is not of the form listen:PATH or connect:PATH, or its path cannot be used.',
    remedy:
      'If the text is refused, give listen:PATH or connect:PATH with an absolute path of at most 107 bytes, another one for each side. ENOENT: make the directory. EACCES: let the user of the agent write to the directory. Something that is not a socket: remove it, or choose another path. A directory where others may rename files: chmod +t. A path outside the directories of sockets: add it to socket_dirs; docs/security.md has the rules.',
    exit: 'usage',
  },
  'VC-ENDPOINT-TAKEN': {
    title: 'the socket path is in use',
    meaning: 'Another process serves the path to listen on, or another interface has it.',
    remedy: 'Choose another path, or end the other process (ss -xlp names it) or delete the other interface.',
  },
} as const;
