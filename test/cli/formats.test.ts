import assert from 'node:assert/strict';
import { pickColumns } from '../../cli/shared/columns.ts';
import { type Format, printable, renderTable, type Table } from '../../cli/shared/formats.ts';

const table: Table = {
  headings: ['name', 'in_force', 'usable', 'names', 'count'],
  rows: [
    ['vhu0', 'site.v2', true, ['A', 'B'], 7],
    ['a "b", <c>', undefined, false, [], 0],
    ['two\nlines\u001b[31m', '', true, ['x'], 1],
  ],
};

const faces: { title: string; format: Format; headings?: boolean; want: string[] }[] = [
  {
    title: 'aligned text; what is absent is a dash, control characters are shown, not sent',
    format: 'table',
    want: [
      'NAME                    IN-FORCE  USABLE  NAMES  COUNT',
      'vhu0                    site.v2   yes     A, B   7',
      'a "b", <c>              -         no      -      0',
      'two\\x0alines\\x1b[31m  -         yes     x      1',
    ],
  },
  {
    title: 'aligned text without headings',
    format: 'table',
    headings: false,
    want: [
      'vhu0                    site.v2  yes  A, B  7',
      'a "b", <c>              -        no   -     0',
      'two\\x0alines\\x1b[31m  -        yes  x     1',
    ],
  },
  {
    title: 'blocks of name : value',
    format: 'list',
    want: [
      'name                : vhu0',
      'in_force            : site.v2',
      'usable              : yes',
      'names               : A, B',
      'count               : 7',
      '',
      'name                : a "b", <c>',
      'in_force            : -',
      'usable              : no',
      'names               : -',
      'count               : 0',
      '',
      'name                : two\\x0alines\\x1b[31m',
      'in_force            : -',
      'usable              : yes',
      'names               : x',
      'count               : 1',
    ],
  },
  {
    title: 'CSV, quoted as RFC 4180 asks',
    format: 'csv',
    want: [
      'name,in_force,usable,names,count',
      'vhu0,site.v2,yes,"A, B",7',
      '"a ""b"", <c>",,no,,0',
      '"two',
      'lines\\x1b[31m",,yes,x,1',
    ],
  },
  {
    title: 'headings and data as JSON',
    format: 'json',
    want: [
      '{"format":1,"kind":"table","headings":["name","in_force","usable","names","count"],"data":[' +
        '["vhu0","site.v2",true,["A","B"],7],["a \\"b\\", <c>",null,false,[],0],["two\\nlines\\u001b[31m","",true,["x"],1]]}',
    ],
  },
];

describe('output formats', () => {
  for (const { title, format, headings = true, want } of faces) {
    it(`${format}: ${title}`, () => {
      // control characters take more room than one column once they are shown
      const squeeze = (text: string) => (format === 'table' ? text.replaceAll(/ {2,}/g, '  ') : text);
      assert.equal(squeeze(renderTable(table, format, { headings })), squeeze(`${want.join('\n')}\n`));
    });
  }

  it('html: a plain table, escaped', () => {
    const html = renderTable({ headings: ['<h>'], rows: [['a&"b\'<script>'], [undefined]] }, 'html');
    assert.equal(
      html,
      [
        '<table border=1>',
        ...['  <tr>', '    <th>&lt;h&gt;</th>', '  </tr>'],
        ...['  <tr>', '    <td>a&amp;&quot;b&#39;&lt;script&gt;</td>', '  </tr>'],
        ...['  <tr>', '    <td></td>', '  </tr>'],
        '</table>\n',
      ].join('\n'),
    );
  });

  it('aligns every column of every row', () => {
    const lines = renderTable(
      {
        headings: ['a', 'b'],
        rows: [
          ['ünïcödé', 1],
          ['x', 2],
        ],
      },
      'table',
    ).split('\n');
    assert.deepEqual(lines, ['A        B', 'ünïcödé  1', 'x        2', '']);
  });

  it('leaves the headings of hosts as they are', () => {
    const text = renderTable({ headings: ['version', 'node_1'], titles: ['VERSION', 'node_1'], rows: [] }, 'table');
    assert.equal(text, 'VERSION  node_1\n');
  });

  it('picks columns in the order asked for, whatever the case, with - for _', () => {
    const picked = pickColumns(table, ['IN-FORCE', 'name']);
    assert.deepEqual(picked.headings, ['in_force', 'name']);
    assert.deepEqual(picked.rows[0], ['site.v2', 'vhu0']);
    assert.throws(() => pickColumns(table, ['name', 'nope']), /Cannot show column "nope"/);
  });

  it('shows control characters of both halves of Latin-1 and keeps line ends', () => {
    assert.equal(printable('a\tb\nc\u009bd\u007f'), 'a\\x09b\nc\\x9bd\\x7f');
  });
});
