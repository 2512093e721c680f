import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LastOrders } from '../../../../agent/relay/service/last-orders.ts';
import type { CompatError } from '../../../../compat-tables/errors/compat-error.ts';
import { entryOf, temporaryFolder } from '../../support.ts';

const ORDER = {
  ...{ id: 'a-1', name: 'vhu0', deviceType: 'vhost-user-net', frontend: 'listen:/f', backend: 'connect:/b' },
};
const MODE = { version: 'v1', digest: '0'.repeat(64), peer: { pid: 7, startTime: '12', bootId: 'b' } };

describe('the last orders', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  const failures: Error[] = [];
  const orders = (path = join(folder.path, 'orders')) => new LastOrders(path, (error) => failures.push(error));
  beforeEach(() => {
    folder = temporaryFolder();
    failures.length = 0;
  });
  afterEach(() => folder.remove());

  it('are there for the next process, and for nobody else', () => {
    const versions = { entries: [entryOf({ virtioFeatures: 1n << 70n })], hostDefault: 'v1' };
    orders().writeVersions(versions);
    orders().writeInterface(ORDER, [MODE]);
    orders().writeInterface({ ...ORDER, id: 'b-2', version: 'v1' }, []);
    assert.deepEqual(orders().readVersions()?.entries[0]?.virtioFeatures, 1n << 70n);
    assert.equal(orders().readVersions()?.hostDefault, 'v1');
    const read = orders()
      .readInterfaces()
      .toSorted((a, b) => (a.order.id < b.order.id ? -1 : 1));
    assert.deepEqual(read[0], { format: 1, order: ORDER, modes: [MODE] });
    assert.deepEqual([read[1]?.order.version, read.length], ['v1', 2]);
    const dir = join(folder.path, 'orders');
    assert.equal((statSync(dir).mode & 0o777).toString(8), '700');
    for (const name of readdirSync(dir)) assert.equal((statSync(join(dir, name)).mode & 0o777).toString(8), '600');
    orders().remove('a-1');
    orders().remove('a-1');
    assert.deepEqual(
      orders()
        .readInterfaces()
        .map(({ order }) => order.id),
      ['b-2'],
    );
    assert.deepEqual(failures, []);
  });

  it('that make no sense are passed over, the others count', () => {
    orders().writeInterface(ORDER, []);
    const dir = join(folder.path, 'orders');
    const bad = ['', '{', '[]', '{"format":2}', '{"format":1,"order":{},"modes":[]}', 'null'];
    for (const [index, text] of bad.entries()) writeFileSync(join(dir, `bad${index}.interface.json`), text);
    writeFileSync(join(dir, 'versions.json'), '{"format":1,"versions":{"entries":[1]}}');
    writeFileSync(join(dir, 'half.interface.json.new'), '{');
    assert.deepEqual(
      orders()
        .readInterfaces()
        .map(({ order }) => order.id),
      ['a-1'],
    );
    assert.equal(orders().readVersions(), undefined);
  });

  it('that are odd are told of with their files, and no interface is read twice', () => {
    orders().writeInterface(ORDER, []);
    const dir = join(folder.path, 'orders');
    const text = readFileSync(join(dir, 'a-1.interface.json'), 'utf8');
    writeFileSync(join(dir, 'b-2.interface.json'), text);
    writeFileSync(join(dir, 'c-3.interface.json'), text.replace('"format":1', '"format":7'));
    writeFileSync(join(dir, 'd-4.interface.json'), text.replace('listen:', '\\ud800'.repeat(2000)));
    assert.deepEqual(
      orders()
        .readInterfaces()
        .map(({ order }) => order.id),
      ['a-1'],
    );
    assert.deepEqual(
      failures.map((error) => [
        (error as CompatError).code,
        /\/([a-d]-\d)\.interface\.json: /.exec(error.message)?.[1],
      ]),
      ['b-2', 'c-3', 'd-4'].map((id) => ['VC-ORDERS', id]),
    );
  });

  it('that cannot be written are told of, and nothing else happens', () => {
    writeFileSync(join(folder.path, 'file'), '');
    orders(join(folder.path, 'file')).writeInterface(ORDER, []);
    assert.equal(failures.length, 1);
    assert.deepEqual(orders(join(folder.path, 'file')).readInterfaces(), []);
  });
});
