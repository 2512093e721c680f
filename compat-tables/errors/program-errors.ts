/** Errors of the programs: names, tables and documents that they read, their configuration, database and API. */
export const PROGRAM_ERRORS = {
  'VC-INTERFACE-EXISTS': {
    title: 'the interface already exists',
    meaning: 'An interface of this name is in the database.',
    remedy:
      'Choose another name. `vhost-compat add-interface --may-exist` accepts an interface that exists with the same settings.',
  },
  'VC-INTERFACE-UNKNOWN': {
    title: 'there is no such interface',
    meaning: 'No interface of this name is in the database of this host.',
    remedy:
      'Check the name (`vhost-compat list-interfaces`) and the host (`vhost-compat --host`). `vhost-compat del-interface --if-exists` accepts that there is none.',
  },
  'VC-INTERFACE-NAME': {
    title: 'the name of an interface cannot be used',
    meaning: 'A name has 1 to 63 characters, each a letter, a digit or one of _ . : and -.',
    remedy: 'Choose another name.',
  },
  'VC-RELAY-DIR': {
    title: 'the relay directory is in use or cannot be used',
    meaning: 'A relay process listens for orders in its relay_dir; two of them cannot share one.',
    remedy:
      'Stop the process that the message names, or give each agent a run_dir and a relay_dir of its own. `vhost-compatd --supervise` has ended and changed nothing.',
    exit: 'no',
  },
  'VC-SUPERVISED': {
    title: 'another keeper is at work',
    meaning:
      'A process that was started with `vhost-compatd --supervise` keeps the connections of this relay_dir already; the message names it. The new one has ended and changed nothing.',
    remedy:
      'To upgrade the agent, send SIGUSR2 to the process that is named. To replace it, end it first (SIGTERM ends its connections, too), or give each agent a run_dir and a relay_dir of its own.',
    exit: 'no',
  },
  'VC-KEEPER-GONE': {
    title: 'the keeper died',
    meaning:
      'The process that was started with `vhost-compatd --supervise` was killed. Guests go on, but nobody would start the agent again, and its connections would end with it.',
    remedy:
      'Start `vhost-compatd --supervise` again with the same options: it takes the connections over, and no guest notices.',
  },
  'VC-HOST-UNKNOWN': {
    title: 'there is no such host',
    meaning: 'The database holds no row for this host, or several where one was expected.',
    remedy:
      'If there is none, start the agent of the host or check the name. If there are several, name one by its system id or host name (`vhost-compat --host`).',
  },
  'VC-HOST-STALE': {
    title: 'the agent of a host is silent',
    meaning:
      'An agent writes a heartbeat to the database every 10 seconds. This one has not for more than 30 seconds: what is known of its host may be out of date, and changes are not applied there.',
    remedy:
      'Check that vhost-compatd runs on the host and reaches the database, and that the clocks of both machines agree.',
  },
  'VC-SYSTEM-ID-TAKEN': {
    title: 'two agents have one system id',
    meaning:
      'Another agent is connected to the same database under the system id of this one, so both write the same host. This happens when a machine is cloned together with the state directory of its agent.',
    remedy:
      'Give each host an id of its own: set system_id, or remove the file system-id in the state directory of the copy, and restart its agent.',
  },
  'VC-TABLE': {
    title: 'a compat table cannot be used',
    meaning: 'A table file or an entry is not what the format asks for. The message names file, entry and reason.',
    remedy: 'Correct what the message names; all other entries stay in use.',
  },
  'VC-TABLE-CHANGED': {
    title: 'a published entry was changed',
    meaning: 'Entries are immutable: the same version string now has another digest.',
    remedy: 'Restore the entry and give the changed one a new version string.',
  },
  'VC-ROW-CHANGED': {
    title: 'a row of the agent was changed in the database',
    meaning:
      'What a version is comes from the compat tables, the definitions and what the agent remembers, and not from rows. A client wrote columns that the agent alone writes; it wrote them again, and guests noticed nothing.',
    remedy:
      'Find the client that writes them (the event says who, where the database server knows it) and give it a read-only remote (db_remotes_ro).',
  },
  'VC-MEMORY': {
    title: 'the memory of the agent cannot be used',
    meaning:
      'A file in the state directory, in which the agent remembers what it published and measured, cannot be read or written. Running guests go on. What cannot be read is known again from tables, definitions and back-ends.',
    remedy:
      'Check the state directory: its owner, its free space, its disk. A file that was damaged is replaced when it can be written.',
  },
  'VC-MASK': {
    title: 'a feature mask cannot be read',
    meaning: 'A mask is neither a number nor a list of feature names of the specification.',
    remedy: 'Write a number such as 0x140008000, or names such as VIRTIO_NET_F_MTU separated by commas.',
  },
  'VC-DOCUMENT': {
    title: 'a document of a host or device cannot be used',
    meaning: 'The file cannot be read, is not JSON, or is not of the form that docs/documents.md describes.',
    remedy:
      'Check the path. Make the document of a host anew with `vhost-compat describe`; correct that of a device where the message says.',
  },
  'VC-DOCUMENT-SIZE': {
    title: 'the documents are too many or too large to compare at once',
    meaning:
      'The work of a comparison grows with the hosts times their versions; beyond a limit it is refused, because others wait for it.',
    remedy: 'Compare fewer hosts at a time, or leave out versions and entries that are not in question.',
  },
  'VC-DOCUMENT-FIELD': {
    title: 'the target does not accept a field of the device',
    meaning: 'The documents of two devices were compared, and the target does not accept the value of a field.',
    remedy: 'Create the device with fields that the target accepts, or choose another target.',
  },
  'VC-EXPLAIN-NONE': {
    title: 'no line of the text is known',
    meaning:
      'The text holds no line that explain knows and no code of this catalogue, or only lines that show the normal course of things.',
    remedy:
      'Paste whole lines as the program wrote them, with the lines around them; for a bare mask use `vhost-compat decode`.',
    exit: 'no',
  },
  'VC-RELEASE-UNKNOWN': {
    title: 'the release is not in the tables',
    meaning: 'No known back-end release has this name.',
    remedy: 'Use one of the names that the message lists.',
    exit: 'usage',
  },
  'VC-CONFIG': {
    title: 'the configuration is wrong',
    meaning: 'The configuration file, a flag, or a file or program that one of them names cannot be used.',
    remedy: 'Correct the key, flag or file that the message names.',
    exit: 'usage',
  },
  'VC-DB-CONNECT': {
    title: 'cannot connect to the database',
    meaning: 'No OVSDB server answers at the given remote, or the connection was lost.',
    remedy:
      'Check that vhost-compatd or ovsdb-server runs, that the remote is right (`vhost-compat --db`), and that you may open its socket.',
    exit: 'unreachable',
  },
  'VC-DB-OPEN': {
    title: 'the database file cannot be opened',
    meaning:
      'The file of the embedded database is in use by another process, or holds another database. For one that is damaged or cannot be written, see VC-DB-UNWRITABLE and VC-DB-UNREADABLE.',
    remedy: 'If another agent uses it, end that one; otherwise choose another file (`vhost-compatd --database`).',
  },
  'VC-DB-UNWRITABLE': {
    title: 'the database file cannot be written',
    meaning:
      'The file of the embedded database is on a full or read-only file system, or of a later release, or the agent may not write it; the message says which. Guests are served as before. Clients see what the file holds and can change nothing.',
    remedy:
      'Make room, or mend what the message names: the agent tries the file again by itself and goes on when it takes writes. For a file of a later release, install that release.',
  },
  'VC-DB-UNREADABLE': {
    title: 'the database file can neither be written nor read',
    meaning:
      'The file of the embedded database is damaged, missing where none can be made, or of a release that keeps its rows otherwise, or the agent may not open it; the message says which. The relay process goes on with what it was ordered before: guests are served, also new ones. Clients see no interfaces and can change nothing.',
    remedy:
      'Mend what the message names, or put a copy of the file in its place: the agent tries it again by itself. To begin with an empty database, move the file away; interfaces that are not added again end then.',
  },
  'VC-DB-SCHEMA': {
    title: 'the database is not ours or of another version',
    meaning: 'The server holds no Vhost_Compat database, or one whose schema does not fit.',
    remedy:
      'Check the remote (`vhost-compat --db`); create the database with the schema of this release, or convert it to that (ovsdb-client convert).',
  },
  'VC-DB-TRANSACTION': {
    title: 'the database refused a transaction',
    meaning: 'The OVSDB server answered a transaction with an error, which the message carries.',
    remedy:
      '"not allowed": the remote is read-only; use one that may be written (`vhost-compat --db`). Others changed the same rows: try again. Anything else: the schema of the database does not fit this release.',
  },
  'VC-TIMEOUT': {
    title: 'the time limit is over',
    meaning: 'The operation did not finish in the time given.',
    remedy:
      'Check that the agent or server that the message names runs, or give more time (`vhost-compat --timeout`). A change that is in the database is applied as soon as the agent is back.',
    exit: 'unreachable',
  },
  'VC-API-CONNECT': {
    title: 'cannot connect to the management API',
    meaning: 'No agent answers on the socket of the management API, or the connection was lost.',
    remedy: 'Check that vhost-compatd runs on this machine, and that the path of its API socket is right.',
    exit: 'unreachable',
  },
  'VC-API-LISTEN': {
    title: 'the management API cannot be served',
    meaning:
      'The socket of the management API cannot be opened: another process serves it, or the path cannot be used.',
    remedy: 'End the other process, or choose another path (`vhost-compatd --api`).',
  },
  'VC-API-PARAMS': {
    title: 'parameters of an API request are wrong',
    meaning: 'A parameter is missing, of the wrong type or not known.',
    remedy: 'Correct the parameter that the message names.',
  },
  'VC-API-BUSY': {
    title: 'too much is asked of the management API at once',
    meaning:
      'The answers that this client, or all clients together, have not read yet take all the memory that the API gives them.',
    remedy: 'Read the answers that are due, and ask again; ask for less in one batch.',
  },
  'VC-USAGE': {
    title: 'the command line is wrong',
    meaning: 'A command, an option or an argument cannot be understood.',
    remedy: 'See `vhost-compat --help`.',
    exit: 'usage',
  },
  'VC-INTERNAL': {
    title: 'an error of our own',
    meaning: 'Something went wrong that should not have.',
    remedy: 'Report it with the log of the agent, or with what `vhost-compat --verbose` prints.',
  },
} as const;
