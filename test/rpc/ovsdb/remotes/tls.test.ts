import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { connect as dial } from 'node:net';
import { connect as dialTls, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { OvsdbConnectionError } from '../../../../rpc/ovsdb/client/client-errors.ts';
import { OvsdbClient } from '../../../../rpc/ovsdb/client/ovsdb-client.ts';
import type { ServerOptions } from '../../../../rpc/ovsdb/server/ovsdb-server.ts';
import { RemoteError } from '../../../../rpc/ovsdb/wire/remotes.ts';
import { readTlsFiles, type TlsFiles, TlsFilesError } from '../../../../rpc/ovsdb/wire/tls-files.ts';
import { needs } from '../../../peers/needs.ts';
import { Peers } from '../../../peers/process.ts';
import { OurServer, until } from '../net/subjects.ts';
import { Pki, tlsOptions } from './pki.ts';
import { RealTlsServer } from './real-server.ts';

const exec = promisify(execFile);

describe('TLS', () => {
  const peers = new Peers();
  let pki: Pki;
  let ofServer: TlsFiles;
  let ofClient: TlsFiles;
  let ofStranger: TlsFiles;
  before(function () {
    needs(this, 'openssl', 'openssl');
    pki = new Pki(peers.folder());
    ofServer = pki.issue('server');
    ofClient = pki.issue('client');
    ofStranger = pki.issue('stranger', 'theirs');
  });
  after(() => peers.end());

  interface Listening {
    readonly server: OurServer;
    readonly remote: string;
    readonly port: number;
  }

  async function listen(tls: TlsFiles = ofServer, options: ServerOptions = {}): Promise<Listening> {
    const server = new OurServer(peers, options);
    await server.start();
    const { connectTo } = await server.server.listen('pssl:0:127.0.0.1', { tls });
    return { server, remote: connectTo, port: Number(connectTo.split(':').at(-1)) };
  }

  function client(remote: string, tls: TlsFiles): OvsdbClient {
    const made = new OvsdbClient(remote, { tls, reconnect: false });
    peers.defer(() => made.close());
    return made;
  }

  /** What refused clients were told to the log, when there is something. */
  async function refusals({ server }: Listening): Promise<string> {
    const all = () => server.events.filter(({ event }) => event === 'client refused').map(({ text }) => text);
    await until(() => all().length > 0);
    return all().join('\n');
  }

  /** A TLS client of our own making. */
  function open(port: number, options: object): TLSSocket {
    const socket = dialTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    peers.defer(() => void socket.destroy());
    return socket;
  }

  const closed = async (socket: { once(event: string, done: () => void): unknown }): Promise<void> =>
    new Promise((resolve) => {
      socket.once('error', () => undefined);
      socket.once('close', resolve);
    });

  describe('of our server', () => {
    it('serves our client', async () => {
      const { remote } = await listen();
      assert.match(remote, /^ssl:127\.0\.0\.1:\d+$/);
      const one = client(remote, ofClient);
      await one.connect(5000);
      const text = 'é'.repeat(1_000_000);
      assert.deepEqual(await one.call('echo', [text]), [text]);
      assert.deepEqual(await one.call('list_dbs', []), ['Net', '_Server']);
    });

    it('serves ovsdb-client', async function () {
      needs(this, 'ovsdb-client', 'openvswitch-common');
      const { remote } = await listen();
      const ask = async (...args: string[]): Promise<string> =>
        (await exec('ovsdb-client', ['--timeout=20', ...tlsOptions(ofClient), ...args])).stdout;
      assert.equal(await ask('list-dbs', remote), 'Net\n_Server\n');
      const insert = ['Net', { op: 'insert', table: 'Other', row: { name: 'over TLS' } }];
      assert.match(await ask('transact', remote, JSON.stringify(insert)), /"uuid"/);
      assert.match(await ask('dump', remote, 'Net', 'Other', 'name'), /over TLS/);
    });

    const distrusted = /client on pssl:.* refused: TLS handshake failed: (UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/;

    it('refuses ovsdb-client with a certificate of another authority, and says why in the log', async function () {
      needs(this, 'ovsdb-client', 'openvswitch-common');
      const listening = await listen();
      const options = tlsOptions({ ...ofStranger, caCert: ofClient.caCert });
      await assert.rejects(exec('ovsdb-client', ['--timeout=20', ...options, 'list-dbs', listening.remote]));
      assert.match(await refusals(listening), distrusted);
      assert.equal(listening.server.server.connections, 0);
    });

    it('refuses our client likewise', async () => {
      const listening = await listen();
      const one = client(listening.remote, { ...ofStranger, caCert: ofClient.caCert });
      // With TLS 1.3 the client is done before the server has looked at its certificate.
      await assert.rejects(
        one.connect(5000).then(() => one.call('list_dbs', [])),
        OvsdbConnectionError,
      );
      assert.match(await refusals(listening), distrusted);
    });

    it('refuses a client without a certificate, and one that speaks TLS 1.1', async () => {
      const listening = await listen();
      await closed(open(listening.port, {}));
      assert.match(await refusals(listening), /did not return a certificate/);
      const old = await listen();
      const socket = open(old.port, {
        ...readTlsFiles(ofClient),
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'ALL:@SECLEVEL=0',
      });
      await closed(socket);
      assert.match(await refusals(old), /unsupported protocol|version/);
    });

    it('takes TLS 1.2', async () => {
      const socket = open((await listen()).port, { ...readTlsFiles(ofClient), maxVersion: 'TLSv1.2' });
      await new Promise((resolve) => socket.once('secureConnect', resolve));
      assert.equal(socket.getProtocol(), 'TLSv1.2');
      socket.write('{"id":1,"method":"echo","params":[]}');
      const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
      assert.equal(answer.toString(), '{"id":1,"result":[],"error":null}');
    });

    it('closes a connection that does not speak TLS, and serves the next', async () => {
      const listening = await listen();
      const socket = dial(listening.port, '127.0.0.1');
      socket.write('{"id":1,"method":"echo","params":[]}');
      await closed(socket.resume());
      assert.match(await refusals(listening), /TLS handshake failed/);
      await client(listening.remote, ofClient).connect(5000);
    });

    it('closes a connection that does not finish its handshake in time', async () => {
      const listening = await listen(ofServer, { limits: { handshakeMs: 50 } });
      const socket = dial(listening.port, '127.0.0.1');
      await closed(socket.resume());
      assert.match(await refusals(listening), /handshake timeout/);
    });

    it('closes a connection that hangs up in its handshake, and lets one answer that has ended its side after it', async () => {
      const { port } = await listen();
      const gone = dial(port, '127.0.0.1');
      // The beginning of a ClientHello that announces more.
      gone.end(Buffer.from('16030102000100', 'hex'));
      await closed(gone.resume());
      const socket = open(port, { ...readTlsFiles(ofClient), allowHalfOpen: true });
      const answers: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => answers.push(chunk));
      socket.end('{"id":1,"method":"echo","params":[]}');
      await closed(socket);
      assert.equal(Buffer.concat(answers).toString(), '{"id":1,"result":[],"error":null}');
    });

    it('counts those that shake hands among the connections, and ends them when it closes', async () => {
      const listening = await listen(ofServer, { limits: { connectionsPerRemote: 3 } });
      const silent = Array.from({ length: 3 }, () => dial(listening.port, '127.0.0.1'));
      const ends = silent.map((socket) => closed(socket.resume()));
      await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
      await assert.rejects(client(listening.remote, ofClient).connect(5000), OvsdbConnectionError);
      assert.match(await refusals(listening), /3 are connected on this remote, which is the limit/);
      await listening.server.stop();
      await Promise.all(ends);
    });

    it('drops a client that does not read', async () => {
      const { server, port } = await listen(ofServer, { limits: { queuedBytes: 100_000 } });
      const deaf = open(port, readTlsFiles(ofClient));
      deaf.pause();
      deaf.on('error', () => undefined);
      deaf.write('{"id":1,"method":"monitor","params":["Net",null,{"Other":{}}]}');
      await until(() => server.server.connections === 1);
      const writer = new OvsdbClient(server.remote, { reconnect: false });
      peers.defer(() => writer.close());
      await writer.connect(5000);
      for (let i = 0; server.server.connections === 2 && i < 2000; i++) {
        await writer.transact('Net', [{ op: 'insert', table: 'Other', row: { name: 'x'.repeat(10_000) } }]);
      }
      await until(() => server.server.connections === 1);
      assert.match(server.events.at(-1)?.text ?? '', /dropped: the client does not read/);
    });

    it('shows a new certificate when the files were renewed, and keeps the old one when they are wrong', async () => {
      const files = pki.issue('renewed');
      const listening = await listen(files);
      const shown = async (): Promise<string> => {
        const socket = open(listening.port, readTlsFiles(ofClient));
        await new Promise((resolve) => socket.once('secureConnect', resolve));
        const { serialNumber } = socket.getPeerCertificate();
        socket.destroy();
        return serialNumber;
      };
      const first = await shown();
      const other = pki.issue('other');
      copyFileSync(other.privateKey, files.privateKey);
      copyFileSync(other.certificate, files.certificate);
      let second = first;
      while (second === first) second = await shown();
      writeFileSync(files.certificate, 'nothing');
      while (!listening.server.events.some(({ event }) => event === 'certificates'))
        assert.equal(await shown(), second);
      assert.match(
        listening.server.events.find(({ event }) => event === 'certificates')?.text ?? '',
        /keeps the certificates it has: Cannot read certificate .*renewed\.pem: saw no certificate/,
      );
      assert.equal(await shown(), second);
    });

    it('needs its files', async () => {
      const { server } = await listen();
      await assert.rejects(server.server.listen('pssl:0'), (error) => {
        assert.ok(error instanceof RemoteError);
        assert.match(error.message, /Cannot listen on pssl:0:0\.0\.0\.0: saw no TLS files; wanted private key,/);
        return true;
      });
    });
  });

  describe('of our client', () => {
    it('is spoken with ovsdb-server', async function () {
      const real = await RealTlsServer.start(this, peers, ofServer);
      const one = client(real.remote, ofClient);
      await one.connect(10_000);
      assert.deepEqual(await one.call('list_dbs', []), ['Net', '_Server']);
      const [inserted] = await one.transact('Net', [{ op: 'insert', table: 'Other', row: { name: 'x' } }]);
      assert.ok(inserted !== null && typeof inserted === 'object' && 'uuid' in inserted);
    });

    it('tells that ovsdb-server does not take its certificate', async function () {
      const real = await RealTlsServer.start(this, peers, ofServer);
      const one = client(real.remote, { ...ofStranger, caCert: ofClient.caCert });
      await assert.rejects(
        one.connect(10_000).then(() => one.call('list_dbs', [])),
        OvsdbConnectionError,
      );
    });

    it('refuses a server of another authority, and does not ask for the name of the host', async () => {
      const { remote } = await listen(pki.issue('any-name'));
      await assert.rejects(
        client(remote, { ...ofClient, caCert: ofStranger.caCert }).connect(5000),
        /Cannot connect to ssl:127\.0\.0\.1:\d+: the server's certificate is not of our authority/,
      );
      await client(remote, ofClient).connect(5000);
    });

    it('refuses a server whose certificate has expired', async () => {
      const { remote } = await listen(pki.issue('late', 'ours', -1));
      await assert.rejects(client(remote, ofClient).connect(5000), /the server's certificate has expired/);
    });

    it('says when a server does not speak TLS', async () => {
      const { server } = await listen();
      const { connectTo } = await server.server.listen('ptcp:0');
      await assert.rejects(
        client(connectTo.replace('tcp:', 'ssl:'), ofClient).connect(5000),
        /Cannot connect to ssl:127\.0\.0\.1:\d+: /,
      );
    });

    it('needs its files', () => {
      assert.throws(
        () => new OvsdbClient('unix:/a,ssl:host:6640'),
        (error) => error instanceof RemoteError && /"ssl:host:6640": saw no TLS files/.test(error.message),
      );
    });
  });

  describe('files', () => {
    const wrong: { title: string; files: () => TlsFiles; want: RegExp }[] = [
      {
        title: 'a key that is not there',
        files: () => ({ ...ofClient, privateKey: pki.path('none') }),
        want: /Cannot read private key .*none: ENOENT/,
      },
      {
        title: 'a certificate as key',
        files: () => ({ ...ofClient, privateKey: ofClient.certificate }),
        want: /Cannot read private key .*client\.pem: saw no private key; wanted one in PEM/,
      },
      {
        title: 'an encrypted key',
        files: () => ({ ...ofClient, privateKey: pki.encrypt(ofClient.privateKey, 'encrypted.key') }),
        want: /Cannot read private key .*encrypted\.key: saw an encrypted key/,
      },
      {
        title: 'the key of another',
        files: () => ({ ...ofClient, privateKey: ofServer.privateKey }),
        want: /Cannot use private key .*server\.key: it does not belong to certificate .*client\.pem/,
      },
      {
        title: 'a key as certificate',
        files: () => ({ ...ofClient, certificate: ofClient.privateKey }),
        want: /Cannot read certificate .*client\.key: saw no certificate/,
      },
      {
        title: 'an authority without a certificate',
        files: () => {
          writeFileSync(pki.path('empty'), '');
          return { ...ofClient, caCert: pki.path('empty') };
        },
        want: /Cannot read CA certificate .*empty: saw no certificate/,
      },
      {
        title: 'a folder',
        files: () => ({ ...ofClient, caCert: pki.folder }),
        want: /Cannot read CA certificate .*: EISDIR/,
      },
    ];
    for (const { title, files, want } of wrong) {
      it(`refuses ${title}, and tells nothing of what is in it`, () => {
        assert.throws(
          () => readTlsFiles(files()),
          (error) => {
            assert.ok(error instanceof TlsFilesError);
            assert.match(error.message, want);
            assert.doesNotMatch(error.message, /BEGIN|MII|MHc/);
            return true;
          },
        );
      });
    }
  });
});
