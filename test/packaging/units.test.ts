import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PAGE_BYTES } from '../../agent/fd/mapped-page.ts';
import { needs } from '../peers/needs.ts';
import { Peers, run } from '../peers/process.ts';
import { ROOT } from '../root.ts';

const PACKAGING = join(ROOT, 'packaging');
const RELAY = 'vhost-compatd.service';
const MANAGER = 'vhost-compat-manager.service';
const text = (file: string): string => readFileSync(join(PACKAGING, file), 'utf8');

/** The last value of a key in a unit. */
function settingOf(unit: string, key: string): string | undefined {
  return [...text(unit).matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].at(-1)?.[1];
}

describe('the files in packaging/', function () {
  this.timeout(60_000);

  describe('as systemd reads them', () => {
    const peers = new Peers();
    let folder: string;
    before(function () {
      needs(this, 'systemd-analyze', 'systemd');
      folder = peers.folder();
      // the program is not installed here
      for (const unit of [RELAY, MANAGER])
        writeFileSync(join(folder, unit), text(unit).replaceAll('/usr/bin/vhost-compatd', '/bin/true'));
    });
    after(() => peers.end());

    it('are units without a mistake: each key is known, each value can be read', async () => {
      for (const unit of [RELAY, MANAGER]) {
        const said = await run('/bin/sh', ['-c', 'systemd-analyze verify "$0" 2>&1', join(folder, unit)]);
        assert.equal(said, '', unit);
      }
    });

    it('leave as little open as README.md says', async () => {
      const row = /`systemd-analyze security` [^|]*\| ([0-9.]+) \| ([0-9.]+) \|/.exec(text('README.md')) ?? [];
      for (const [unit, most] of [
        [RELAY, row[1]],
        [MANAGER, row[2]],
      ] as const) {
        const said = await run('systemd-analyze', ['security', '--offline=yes', '--no-pager', join(folder, unit)]);
        const level = /Overall exposure level for \S+: ([0-9.]+)/.exec(said)?.[1];
        assert.ok(Number(level) <= Number(most), `${unit}: ${level}, README.md says ${most}`);
      }
    });
  });

  it('store descriptors for 8000 interfaces, and no more than the relay process may have open', () => {
    const most = Number(settingOf(RELAY, 'FileDescriptorStoreMax'));
    assert.equal(most, 2 * 8000);
    assert.ok(Number(settingOf(RELAY, 'LimitNOFILE')) > 2 * most);
    assert.match(text('README.md'), /two for each connected interface, 8000 interfaces/);
    const locked = /^([0-9]+)M$/.exec(settingOf(RELAY, 'LimitMEMLOCK') ?? '')?.[1];
    assert.ok(Number(locked) * 1024 * 1024 >= 8000 * PAGE_BYTES);
  });

  it('start the next relay process while one that closes descriptors apart still waits', () => {
    assert.equal(settingOf(RELAY, 'KillMode'), 'process');
  });

  it('have users that exist: those of the units, that of the one who gives orders', () => {
    const users = [...text('vhost-compat.sysusers.conf').matchAll(/^u (\S+)/gm)].map(([, name]) => name);
    assert.deepEqual([settingOf(MANAGER, 'User'), settingOf(RELAY, 'User')], users);
    assert.equal(settingOf(RELAY, 'Environment'), `VHOST_COMPATD_USER=${settingOf(MANAGER, 'User')}`);
  });

  it('end neither with the other, start neither in vain, and remove nothing at a stop', () => {
    for (const unit of [RELAY, MANAGER]) {
      assert.doesNotMatch(text(unit), /^(BindsTo|Requires|Requisite|PartOf|RestartPreventExitStatus)=/m, unit);
      assert.equal(settingOf(unit, 'StartLimitIntervalSec'), '0', unit);
      const removed = settingOf(unit, 'RuntimeDirectory');
      assert.ok(removed === undefined || settingOf(unit, 'RuntimeDirectoryPreserve') === 'yes', `${unit}: ${removed}`);
    }
  });
});
