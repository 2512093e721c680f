import { spawnSync } from 'node:child_process';
import { inheritedDescriptors } from '../../../../agent/keeper/inherited.ts';

// Tells what was handed over to it, and what of that a process would get that it starts.
const found = inheritedDescriptors();
const { stdout } = spawnSync('/bin/sh', ['-c', 'cd /proc/self/fd; for i in 3 4 5; do [ -e $i ] && echo $i; done']);
process.stdout.write(
  JSON.stringify({
    found: Object.fromEntries([...found].map(([name, fds]) => [name, fds.map((fd) => fd.raw)])),
    open: stdout.toString().split('\n').filter(Boolean),
    again: inheritedDescriptors().size,
  }),
);
