/** Errors about versions, the back-ends that are to honour them, selection and moves. */
export const VERSION_ERRORS = {
  'VC-MODE-FEATURES': {
    title: 'the back-end lacks features of the mode',
    meaning: 'The version promises virtio features that this back-end does not offer.',
    remedy:
      'Pin a version that is usable here (`vhost-compat list-versions`), or give the back-end the release or setting that offers the named features.',
    exit: 'no',
  },
  'VC-MODE-PROTOCOL': {
    title: 'protocol features of the version are missing',
    meaning:
      'The version needs vhost-user protocol features that this back-end does not offer or that the version cuts.',
    remedy:
      'Pin a version that is usable here (`vhost-compat list-versions`). If the back-end lacks the feature, update it; if the version cuts it, use an entry that does not.',
    exit: 'no',
  },
  'VC-MODE-LIMIT': {
    title: 'a limit of the version does not fit',
    meaning:
      'The version promises more queue pairs or larger rings than this back-end gives, or a device needs more than the version promises.',
    remedy:
      'If the back-end gives too little, raise its limit (DPDK vhost port: the queues argument) or pin a version with a lower one. If the device needs too much, give it fewer queue pairs or use a version with a higher limit.',
    exit: 'no',
  },
  'VC-MODE-NONE': {
    title: 'no version is usable',
    meaning: 'This back-end cannot honour any version of the compat tables exactly.',
    remedy:
      'Look at the blockers (`vhost-compat list-versions --all`), or define a version of what this back-end offers (`vhost-compat capture site.NAME INTERFACE --define`). The shipped tables have versions of network cards, disks, SCSI controllers and file systems; for other device types that is the way to the first version.',
    exit: 'no',
  },
  'VC-VERSION-UNKNOWN': {
    title: 'the version is not defined',
    meaning: 'No compat table that is in use here, and no definition by a client, has a version of this name.',
    remedy:
      'Check the spelling (`vhost-compat list-versions --all`), or install the table file that defines the version on this host.',
  },
  'VC-VERSION-UNUSABLE': {
    title: 'the version is not usable on this host',
    meaning: 'The version is known, but the back-end of this host or interface cannot honour it. The blockers say why.',
    remedy: 'Choose a version without blockers (`vhost-compat list-versions`), or remove the blockers that are named.',
    exit: 'no',
  },
  'VC-VERSION-WITHDRAWN': {
    title: 'the version is withdrawn',
    meaning:
      'The table that defines the version, or the tables of this release, say that it is not to be used any more, and why. It is left out of selections and of defaults; interfaces that are pinned to it or run in it go on.',
    remedy:
      'Pin the version that is named instead, or another one without blockers (`vhost-compat list-versions`), and start the guests in it. `vhost-compat pin` takes a withdrawn version all the same.',
    exit: 'no',
  },
  'VC-VERSION-DEVICE-TYPE': {
    title: 'the device types do not match',
    meaning: 'Each device type has a collection of versions of its own.',
    remedy:
      'For an interface, choose a version of its device type (`vhost-compat list-versions --device-type`). To compare hosts, name a device type that all of them have. Only versions of vhost-user-net can be rendered.',
    exit: 'no',
  },
  'VC-VERSION-EXISTS': {
    title: 'the version is already defined with other content',
    meaning: 'Entries are immutable: a version that a host knows cannot be given other content.',
    remedy: 'Give the new entry another version string, or leave the definition as it is.',
  },
  'VC-VERSION-SCHEME': {
    title: 'the version number does not allow the move',
    meaning:
      'In a collection of major.minor versions, a device moves only to the same major and the same or a later minor version.',
    remedy: 'Update the software of the target, or choose a target that is not older.',
  },
  'VC-BACKEND-UNKNOWN': {
    title: 'nothing is known of the back-end yet',
    meaning: 'No back-end has been measured on this host, and the configuration of its agent declares none.',
    remedy:
      'Add an interface whose back-end is running (`vhost-compat add-interface`), or declare the back-end in the configuration of the agent (key backend).',
    exit: 'no',
  },
  'VC-BACKEND-CONNECT': {
    title: 'the back-end cannot be reached',
    meaning: 'The connection to the socket of a back-end failed.',
    remedy:
      'ENOENT or ECONNREFUSED: nothing listens at the path; start the back-end, and check the path and the role (connect:PATH for a back-end that listens, listen:PATH for one that connects). EACCES: run the command as a user who may open the socket and search its directories.',
    exit: 'unreachable',
  },
  'VC-SELECT-NONE': {
    title: 'no common version',
    meaning: 'No version is usable on all the hosts.',
    remedy:
      'See for each version which host lacks it and why (`vhost-compat select --explain`), or define one that all of them can honour (`vhost-compat baseline --define`).',
    exit: 'no',
  },
  'VC-MOVE': {
    title: 'the interface cannot move there',
    meaning: 'No version of the destination offers what the guest has taken and uses.',
    remedy: 'Follow the remedy beside each reason, or choose another target; the guest goes on where it is.',
    exit: 'no',
  },
  'VC-MOVE-DIRECTION': {
    title: 'the version moves to newer hosts only',
    meaning: 'The guest runs in a version of the tier forward-only, and the destination is not newer.',
    remedy: 'Choose a newer host, or restart the guest in a version that moves both ways.',
    exit: 'no',
  },
  'VC-MIGRATE-LOG': {
    title: 'a guest on this back-end cannot be migrated',
    meaning:
      'QEMU migrates a guest only if the back-end can log the pages it writes (VHOST_F_LOG_ALL) and share that log (VHOST_USER_PROTOCOL_F_LOG_SHMFD). The message says who is missing it: the back-end that does not offer it, the version that cuts it, or the front-end that did not accept it.',
    remedy:
      'Update the back-end, pin a version that does not cut it, or use a front-end that accepts it (QEMU does); or shut the guest down and start it on the other host.',
    exit: 'no',
  },
  'VC-MIGRATE-STATE': {
    title: 'the state of the device cannot be moved',
    meaning:
      'QEMU moves no device of this type, or the state of the device is in the back-end, which cannot hand it over (VHOST_USER_PROTOCOL_F_DEVICE_STATE, which QEMU uses from 8.2 on).',
    remedy:
      'Unplug the device before the guest moves and plug it in again afterwards, shut the guest down and start it on the other host, or use a back-end and a QEMU that hand the state over.',
    exit: 'no',
  },
  'VC-DRAIN': {
    title: 'the host cannot be drained',
    meaning: 'Some interfaces of the host cannot move to any of the targets.',
    remedy:
      'Follow the remedy beside each interface, give more targets, or restart those guests in a version that a target has.',
    exit: 'no',
  },
  'VC-UPGRADE': {
    title: 'a change of the back-end would break something in use',
    meaning: 'With the other back-end, running guests could not reconnect, or pins could not be honoured.',
    remedy: 'Before changing the back-end, move or stop the guests that are named, or change the pins.',
    exit: 'no',
  },
  'VC-DEFAULT-IN-USE': {
    title: 'the new default offers less than running interfaces use',
    meaning: 'Running interfaces without a pin use features or sizes that the new default version does not have.',
    remedy:
      'Pin those interfaces to the version in force (`vhost-compat pin`), or set the default all the same (`vhost-compat default-version --force`): running guests keep what they have until they stop.',
    exit: 'no',
  },
  'VC-DIGEST-DIFFERS': {
    title: 'equal version strings with different content',
    meaning: 'Two hosts define the same version differently. Such a version is never selected.',
    remedy:
      'Find the host whose table was changed and restore the published entry; a changed mask needs a new version string.',
    exit: 'no',
  },
} as const;
