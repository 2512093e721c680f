import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CATALOGUE } from '../../../compat-tables/errors/catalogue.ts';
import { Database } from '../../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer } from '../../../rpc/ovsdb/server/ovsdb-server.ts';
import { loadSchemaText } from '../../../rpc/state/schema-file.ts';
import { NEW_HOST, putHosts } from '../../cli/fixtures.ts';
import { cli } from '../../cli/run-cli.ts';
import { Peers } from '../../peers/process.ts';
import { ROOT } from '../../root.ts';

const PRODUCT = ['agent', 'cli', 'compat-tables', 'quickstart', 'rpc'];

/** These speak of all codes, or have some as made-up data: they prove nothing about any. */
const NO_PROOF = ['test/compat-tables/errors/catalogue.test.ts', 'test/cli/fixtures.ts'];
const SPEAKS_OF_CODES = /^test\/(?:compat-tables|cli)\/explain/;

function sources(folder: string): { name: string; text: string }[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(ROOT, folder, name))
    .map((path) => ({ name: relative(ROOT, path), text: readFileSync(path, 'utf8') }));
}

function codesIn(files: readonly { readonly text: string }[]): Set<string> {
  return new Set(files.flatMap(({ text }) => text.match(/\bVC-[A-Z]+(?:-[A-Z]+)*\b/g) ?? []));
}

describe('the catalogue of errors', () => {
  const codes = Object.keys(CATALOGUE);
  const product = PRODUCT.flatMap(sources).filter(({ name }) => !name.startsWith('compat-tables/errors/'));

  it('has every code that the product speaks of', () => {
    // `VC-TABLE` in a comment about VC-TABLE-… would be found too, and is one
    const unknown = [...codesIn(product)].filter((code) => !codes.includes(code));
    assert.deepEqual(unknown, []);
  });

  it('has no code that nothing gives', () => {
    const given = codesIn(product);
    assert.deepEqual(
      codes.filter((code) => !given.has(code)),
      [],
    );
  });

  it('has a test that expects each code', () => {
    const tests = sources('test').filter(({ name }) => !NO_PROOF.includes(name) && !SPEAKS_OF_CODES.test(name));
    const expected = codesIn(tests);
    const own = ['VC-DB-TRANSACTION', 'VC-EXPLAIN-NONE'];
    const without = codes.filter((code) => !expected.has(code) && !own.includes(code));
    assert.deepEqual(without, [], 'no test expects these');
  });

  it('says what is wrong, what it means and what to do, in sentences', () => {
    for (const [code, { title, meaning, remedy }] of Object.entries(CATALOGUE)) {
      assert.match(title, /^[a-z].*[^.]$/, code);
      for (const text of [meaning, remedy]) assert.match(text, /^\S.*\.$/, code);
    }
  });

  describe('and the codes that no other test is about', () => {
    const peers = new Peers();
    afterEach(() => peers.end());

    it('VC-DB-TRANSACTION: a database that refuses to be written', async () => {
      const schema = DatabaseSchema.fromJson(JSON.parse(loadSchemaText()));
      const database = Database.open({ file: ':memory:', schema });
      const server = new OvsdbServer();
      server.add(database);
      peers.defer(async () => {
        await server.close();
        database.close();
      });
      const folder = peers.folder();
      await server.listen(`punix:${join(folder, 'rw.sock')}`);
      await server.listen(`punix:${join(folder, 'ro.sock')}`, { readOnly: true });
      await putHosts(`unix:${join(folder, 'rw.sock')}`, NEW_HOST);
      const { exit, stderr } = await cli(['unpin', 'vhu1', '--no-wait', '-d', `unix:${join(folder, 'ro.sock')}`]);
      assert.equal(exit, 1);
      assert.match(stderr, /\[VC-DB-TRANSACTION\]/);
      assert.match(stderr, /not allowed.*remedy: "not allowed": the remote is read-only/s);
    });

    it('VC-EXPLAIN-NONE: a text without a line that is known', async () => {
      const { exit, stderr } = await cli(['explain', 'it does not work']);
      assert.equal(exit, 3);
      assert.match(stderr, /\[VC-EXPLAIN-NONE\]/);
    });
  });
});
