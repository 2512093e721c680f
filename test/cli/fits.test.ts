import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { type Cell, renderTable } from '../../cli/shared/formats.ts';
import { renderPage } from '../../cli/shared/page.ts';
import { PLAIN_LOOK } from '../../cli/shared/terminal.ts';
import { displayWidth } from '../../cli/shared/text-width.ts';
import { ROOT } from '../root.ts';
import { fitsInto } from './golden.ts';

/** Words of all lengths, some of them wide, some without a place to break. */
const text = fc.array(
  fc.oneof(fc.string({ maxLength: 12 }), fc.stringMatching(/^[a-z.]{0,90}$/), fc.constant('漢字漢字')),
  {
    maxLength: 8,
  },
);
const line = text.map((words) => words.join(' '));
const tables = fc.integer({ min: 1, max: 12 }).chain((count) =>
  fc.record({
    headings: fc.array(fc.stringMatching(/^[a-z_]{1,60}$/), { minLength: count, maxLength: count }),
    rows: fc.array(
      fc.array(fc.option(line, { nil: undefined }) as fc.Arbitrary<Cell>, { minLength: count, maxLength: count }),
      {
        maxLength: 5,
      },
    ),
  }),
);

describe('the width of what people read', () => {
  it('is kept by tables and lists whatever they hold, in terminals of 40 columns and more', () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: 40, max: 200 }), (table, width) => {
        for (const format of ['table', 'list'] as const)
          fitsInto(width, renderTable(table, format, { headings: true, look: { ...PLAIN_LOOK, width } }));
      }),
    );
  });

  it('is kept by texts, and nothing of them is lost', () => {
    fc.assert(
      fc.property(line, fc.array(fc.tuple(line, line)), fc.integer({ min: 40, max: 200 }), (prose, pairs, width) => {
        const page = renderPage([prose, { heading: prose }, { fields: pairs, indent: 2 }], { ...PLAIN_LOOK, width });
        fitsInto(width, page);
        const bare = (part: string) => part.replaceAll(/\s/g, '');
        assert.ok(bare(page).startsWith(bare(renderPage(prose, PLAIN_LOOK))));
      }),
    );
  });

  it('counts no colours and no combining marks, and wide characters twice', () => {
    assert.deepEqual(['ab', 'e\u0301', '\u001b[1mab\u001b[0m', '漢字', '…'].map(displayWidth), [2, 1, 2, 4, 1]);
  });

  const folder = join(ROOT, 'test/golden/cli');
  // what other programs read is never broken
  const forPrograms = /^(capture\.table|render-)|\.(json|csv|html)$/;
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !forPrograms.test(entry.name))
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
  for (const name of names) it(`is kept by ${name}`, () => fitsInto(80, readFileSync(join(folder, name), 'utf8')));
});
