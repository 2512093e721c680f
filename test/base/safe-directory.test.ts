import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SafeDirectory, UnsafePathError } from '../../base/safe-directory.ts';
import { SocketDirectories } from '../../base/socket-directories.ts';

const STRANGER = 64_011;
const isRoot = process.getuid?.() === 0;

describe('a directory that is walked to', () => {
  let top: string;
  let folder: string;
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'vc-'));
    chmodSync(top, 0o755); // mkdtemp keeps everybody out, and then everything goes
    folder = make('d', 0o755);
  });
  afterEach(() => rmSync(top, { recursive: true }));

  function make(name: string, mode: number, owner?: number): string {
    const path = join(top, name);
    mkdirSync(path);
    chmodSync(path, mode);
    if (owner !== undefined) chownSync(path, owner, owner);
    return path;
  }
  function opened(path: string): string {
    const directory = SafeDirectory.open(path);
    directory.close();
    return directory.path;
  }

  for (const { title, mode, gid, safe } of [
    { title: '0755', mode: 0o755, gid: STRANGER, safe: true },
    { title: '0770 and sticky', mode: 0o1770, gid: STRANGER, safe: true },
    { title: '1777, as /tmp', mode: 0o1777, gid: STRANGER, safe: true },
    { title: '0770', mode: 0o770, gid: STRANGER, safe: false },
    { title: '0777', mode: 0o777, gid: 0, safe: false },
    { title: '0775 of the group with the number of its owner', mode: 0o775, gid: 0, safe: true },
  ])
    it(`is ${safe ? 'used' : 'refused'} with mode ${title}`, function () {
      if (!isRoot) return this.skip(); // only root gives things to other groups
      chownSync(folder, 0, gid);
      chmodSync(folder, mode);
      if (safe) assert.equal(opened(folder), folder);
      else assert.throws(() => opened(folder), new RegExp(`may rename files in ${folder} .*chmod \\+t ${folder}`));
    });

  it('is refused below one in which others may rename, and used below one that keeps others out', function () {
    if (!isRoot) return this.skip();
    const below = join(make('open', 0o777), 'below');
    mkdirSync(below);
    assert.throws(() => opened(below), UnsafePathError);
    chmodSync(top, 0o700);
    assert.equal(opened(below), below);
  });

  it('is used when another user owns it', function () {
    if (!isRoot) return this.skip();
    assert.equal(opened(make('qemu', 0o755, STRANGER)), join(top, 'qemu'));
  });

  it('is reached by a link that nobody else controls, absolute, relative or to a parent', () => {
    symlinkSync(folder, join(top, 'absolute'));
    symlinkSync('d', join(top, 'relative'));
    symlinkSync('../absolute', join(folder, 'up'));
    for (const path of ['absolute', 'relative', 'd/up', 'd/../relative/.'])
      assert.equal(opened(join(top, path)), folder, path);
  });

  it('is not reached by a link of somebody else, or one that somebody else could replace', function () {
    if (!isRoot) return this.skip();
    const theirs = make('theirs', 0o755, STRANGER);
    symlinkSync(folder, join(theirs, 'root-link'));
    assert.throws(() => opened(join(theirs, 'root-link')), /is a symbolic link that others control/);
    const shared = make('shared', 0o1777);
    symlinkSync(folder, join(shared, 'good'));
    symlinkSync(folder, join(shared, 'bad'));
    lchownSync(join(shared, 'bad'), STRANGER, STRANGER);
    assert.equal(opened(join(shared, 'good')), folder);
    assert.throws(() => opened(join(shared, 'bad')), /is a symbolic link that others control/);
  });

  it('is not looked for in circles', () => {
    symlinkSync('b', join(top, 'a'));
    symlinkSync('a', join(top, 'b'));
    assert.throws(() => opened(join(top, 'a')), { code: 'ELOOP' });
  });

  it('says what is missing, or no directory', () => {
    writeFileSync(join(top, 'file'), '');
    assert.throws(() => opened(join(top, 'no', 's')), { code: 'ENOENT' });
    assert.throws(() => opened(join(top, 'file', 's')), { code: 'ENOTDIR' });
    assert.throws(() => opened(join(top, 'file')), { code: 'ENOTDIR' });
  });

  it('stays what it is when it is renamed and another takes its name', () => {
    const directory = SafeDirectory.open(folder);
    renameSync(folder, join(top, 'moved'));
    make('d', 0o755);
    writeFileSync(directory.at('s'), '');
    directory.close();
    assert.throws(() => rmSync(join(folder, 's')), { code: 'ENOENT' });
    rmSync(join(top, 'moved', 's'));
  });

  describe('among the directories of sockets', () => {
    const groupOf = (rules: SocketDirectories, path: string): number | undefined => {
      const { directory, group } = rules.place(path);
      directory.close();
      return group;
    };

    it('gives the group of the nearest one, by whatever name it is reached', () => {
      mkdirSync(join(folder, 'inner'));
      symlinkSync(folder, join(top, 'link'));
      const rules = new SocketDirectories();
      rules.restrict([{ path: top, group: 1 }, { path: join(top, 'link'), group: 2 }, { path: join(top, 'no') }], []);
      for (const again of [1, 2]) {
        assert.equal(groupOf(rules, join(top, 's')), 1, `${again}`);
        assert.equal(groupOf(rules, join(folder, 's')), 2);
        assert.equal(groupOf(rules, join(top, 'link', 'inner', 's')), 2);
      }
    });

    it('is refused elsewhere, also by a link or by dots', () => {
      make('elsewhere', 0o755);
      symlinkSync(join(top, 'elsewhere'), join(folder, 'out'));
      const rules = new SocketDirectories();
      rules.restrict([{ path: folder }], []);
      for (const path of ['elsewhere/s', 'd/out/s', 'd/../elsewhere/s', 's'])
        assert.throws(
          () => rules.place(join(top, path)),
          /is not among the directories of sockets; .*socket_dirs/,
          path,
        );
      assert.equal(groupOf(rules, join(folder, 's')), undefined);
    });

    it('is refused where the agent has its own files', () => {
      mkdirSync(join(folder, 'own'));
      symlinkSync(folder, join(top, 'link'));
      const rules = new SocketDirectories();
      rules.restrict([{ path: top }], [join(folder, 'db.sock'), join(folder, 'own')]);
      for (const path of ['d/db.sock', 'link/db.sock', 'd/own/s'])
        assert.throws(() => rules.place(join(top, path)), /is in use by the agent itself/, path);
      assert.equal(groupOf(rules, join(folder, 'db.sock2')), undefined);
    });

    it('is judged anew when its permissions or what is in its place have changed', function () {
      if (!isRoot) return this.skip();
      const rules = new SocketDirectories();
      assert.equal(groupOf(rules, join(folder, 's')), undefined);
      chmodSync(folder, 0o777);
      assert.throws(() => rules.place(join(folder, 's')), UnsafePathError);
      chmodSync(folder, 0o755);
      assert.equal(groupOf(rules, join(folder, 's')), undefined);
      renameSync(folder, join(top, 'moved'));
      const theirs = make('theirs', 0o755, STRANGER);
      symlinkSync(theirs, folder);
      lchownSync(folder, STRANGER, STRANGER);
      chmodSync(top, 0o1777);
      assert.throws(() => rules.place(join(folder, 's')), UnsafePathError);
    });
  });
});
