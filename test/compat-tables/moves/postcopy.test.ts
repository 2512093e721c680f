import assert from 'node:assert/strict';
import { maskOf } from '../../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import { checkMove } from '../../../compat-tables/moves/check-move.ts';
import type { MoveHost, MoveSubject } from '../../../compat-tables/moves/move-host.ts';
import { hostLike, hostOf, linux, running, V } from '../hosts.ts';
import { entryLike } from '../shipped.ts';

const PAGEFAULT = maskOf(PROTOCOL, 'PAGEFAULT');
const plain = hostLike('ovs-3.5', { name: 'plain' });
const waits = hostLike('ovs-3.5+postcopy', { name: 'waits' });
const from = (home: MoveHost, more: Partial<MoveSubject> = {}) => {
  const ackedProtocol = home.abilities?.protocolFeatures;
  return running(home, V('v3.2'), linux, { ackedProtocol, ...more });
};
const ask = (subject: MoveSubject, home: MoveHost, to: MoveHost, postcopy = true) =>
  checkMove(subject, home, [to], { postcopy }).targets[0] ?? assert.fail();

describe('a move by post-copy', () => {
  it('wants PAGEFAULT of the back-end at the destination', () => {
    const no = ask(from(waits), waits, plain);
    assert.deepEqual(
      [no.possible, ...no.obstacles.map(({ code, text }) => [code, text])],
      [
        false,
        ['VC-MODE-PROTOCOL', 'the back-end of plain has no VHOST_USER_PROTOCOL_F_PAGEFAULT, which post-copy needs'],
      ],
    );
    assert.match(no.obstacles[0]?.remedy ?? '', /vhost-postcopy-support=true/);
    assert.equal(ask(from(waits), waits, plain, false).possible, true);
    const yes = ask(from(waits), waits, { ...waits, name: 'other' });
    assert.deepEqual([yes.possible, yes.obstacles, yes.warnings], [true, [], []]);
  });

  it('does not want it at the source, but there is no way back', () => {
    const { possible, warnings, after } = ask(from(plain), plain, waits);
    assert.equal(possible, true);
    assert.deepEqual(warnings, [
      'it could not come back to plain by post-copy: it is offered no VHOST_USER_PROTOCOL_F_PAGEFAULT there',
    ]);
    assert.deepEqual(after?.reachable, []);
    assert.deepEqual(ask(from(plain), plain, waits, false).warnings, []);
  });

  it('is refused by a version that cuts it, and takes one that does not', () => {
    const { abilities = assert.fail() } = waits;
    const cut = entryLike({
      ...{ version: 'site.cut', virtioFeatures: abilities.virtioFeatures, digest: 'c' },
      protocolFeatures: abilities.protocolFeatures & ~PAGEFAULT,
    });
    const open = entryLike({ version: 'site.open', virtioFeatures: abilities.virtioFeatures, digest: 'o' });
    const to = (...entries: (typeof cut)[]) => hostOf('there', abilities, { entries });
    const [obstacle] = ask(from(waits), waits, to(cut)).obstacles;
    assert.match(
      obstacle?.text ?? '',
      /but site\.cut, the closest version there, has no VHOST_USER_PROTOCOL_F_PAGEFAULT, which post-copy needs$/,
    );
    assert.equal(ask(from(waits), waits, to(cut, open)).pin?.version, 'site.open');
    assert.equal(ask(from(waits), waits, to(cut, open), false).pin?.version, 'site.cut');
  });

  it('warns of a front-end that left it out, and of a back-end that is not known', () => {
    const few = from(waits, { ackedProtocol: maskOf(PROTOCOL, 'MQ', 'LOG_SHMFD', 'RARP') });
    assert.match(
      ask(few, waits, { ...waits, name: 'other' }).warnings.join(),
      /its front-end did not accept .*PAGEFAULT here/,
    );
    const unknown = { ...waits, name: 'file', abilities: undefined };
    assert.match(ask(from(waits), waits, unknown).warnings.join(), /whether it can do post-copy .* is not said/);
  });

  it('is asked of every device type', () => {
    const disk = 'vhost-user-blk';
    const bare = (host: MoveHost): MoveHost => ({ ...host, deviceType: disk, versions: [] });
    const subject = { ...from(waits), deviceType: disk, ringSizes: [], queuePairs: undefined };
    assert.match(ask(subject, bare(waits), bare(plain)).obstacles[0]?.text ?? '', /PAGEFAULT, which post-copy needs/);
    assert.equal(ask(subject, bare(waits), bare({ ...waits, name: 'other' })).possible, true);
  });
});
