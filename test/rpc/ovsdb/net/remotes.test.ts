import assert from 'node:assert/strict';
import {
  formatRemote,
  parseActiveRemotes,
  parsePassiveRemote,
  parseRemote,
  RemoteError,
} from '../../../../rpc/ovsdb/wire/remotes.ts';

describe('remotes', () => {
  const reads: { text: string; want: object; written?: string }[] = [
    { text: 'unix:/run/db.sock', want: { kind: 'unix', path: '/run/db.sock' } },
    { text: 'unix:a:b', want: { kind: 'unix', path: 'a:b' } },
    { text: 'punix:db.sock', want: { kind: 'punix', path: 'db.sock' } },
    { text: 'tcp:10.0.0.1:6641', want: { kind: 'tcp', host: '10.0.0.1', port: 6641 } },
    { text: 'tcp:host', want: { kind: 'tcp', host: 'host', port: 6640 }, written: 'tcp:host:6640' },
    { text: 'tcp:[::1]:1', want: { kind: 'tcp', host: '::1', port: 1 } },
    { text: 'ptcp:', want: { kind: 'ptcp', host: '127.0.0.1', port: 6640 }, written: 'ptcp:6640:127.0.0.1' },
    { text: 'ptcp:0', want: { kind: 'ptcp', host: '127.0.0.1', port: 0 }, written: 'ptcp:0:127.0.0.1' },
    { text: 'ptcp:6641:0.0.0.0', want: { kind: 'ptcp', host: '0.0.0.0', port: 6641 } },
    { text: 'ssl:10.0.0.1:6641', want: { kind: 'ssl', host: '10.0.0.1', port: 6641 } },
    { text: 'ssl:[::1]', want: { kind: 'ssl', host: '::1', port: 6640 }, written: 'ssl:[::1]:6640' },
    { text: 'pssl:', want: { kind: 'pssl', host: '0.0.0.0', port: 6640 }, written: 'pssl:6640:0.0.0.0' },
    { text: 'pssl:0:127.0.0.1', want: { kind: 'pssl', host: '127.0.0.1', port: 0 } },
    { text: 'ptcp::[::]', want: { kind: 'ptcp', host: '::', port: 6640 }, written: 'ptcp:6640:[::]' },
  ];
  for (const { text, want, written } of reads) {
    it(`reads and writes ${text}`, () => {
      const remote = parseRemote(text);
      assert.deepEqual(remote, want);
      assert.equal(formatRemote(remote), written ?? text);
    });
  }

  const refuses: { text: string; message: RegExp }[] = [
    { text: '', message: /Cannot read remote "": wanted unix:PATH, tcp:HOST/ },
    { text: '/run/db.sock', message: /wanted unix:PATH/ },
    { text: 'constructor:x', message: /wanted unix:PATH/ },
    { text: 'unix:', message: /the path is empty/ },
    { text: `unix:/${'x'.repeat(107)}`, message: /108 bytes long, a unix socket's at most 107/ },
    { text: 'unix:/a\0b', message: /zero byte/ },
    { text: 'tcp:', message: /wanted tcp:HOST/ },
    { text: 'tcp:::1:6640', message: /IPv6 address in brackets/ },
    { text: 'tcp:h:0', message: /port 0; wanted 1 to 65535/ },
    { text: 'tcp:h:65536', message: /port 65536/ },
    { text: 'ptcp:x', message: /wanted ptcp:\[PORT\]\[:IP\]/ },
    { text: 'ssl:', message: /wanted ssl:HOST\[:PORT\], an IPv6 address/ },
    { text: 'pssl:x', message: /wanted pssl:\[PORT\]\[:IP\]/ },
  ];
  for (const { text, message } of refuses) {
    it(`refuses "${text.slice(0, 30)}"`, () => {
      assert.throws(
        () => parseRemote(text),
        (error) => error instanceof RemoteError && error.remote === text && message.test(error.message),
      );
    });
  }

  it('tells listening from connecting', () => {
    assert.deepEqual(parseActiveRemotes('unix:/a, tcp:h').map(formatRemote), ['unix:/a', 'tcp:h:6640']);
    assert.throws(() => parseActiveRemotes('unix:/a,ptcp:'), /"ptcp:": one listens there/);
    assert.throws(() => parsePassiveRemote('unix:/a'), /"unix:\/a": one connects there/);
  });
});
