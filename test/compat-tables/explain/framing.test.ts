import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Explainer, explain } from '../../../compat-tables/explain/explain.ts';
import { MESSAGES } from '../../../compat-tables/explain/messages/messages.ts';
import { certainWords, RowIndex } from '../../../compat-tables/explain/row-index.ts';
import { shippedEntries } from '../shipped.ts';

const entries = shippedEntries();
const REFUSED = 'qemu-kvm: Features 0x130afa7a7 unsupported. Allowed features: 0x178bfa7e6';
const MEMORY =
  'qemu-system-x86_64: Failed initializing vhost-user memory map, consider using -object memory-backend-file share=on';

function ids(text: string): string[] {
  return explain(text, entries).map(({ id }) => id);
}

describe('explain: what stands around a line', () => {
  const framed: readonly (readonly [title: string, text: string])[] = [
    ['quoted mail', `> > >> ${REFUSED}`],
    ['quoted mail, wrapped', REFUSED.replace(' unsupported. ', '\n>> unsupported. ').replace(/^/, '>> ')],
    ['colours of a terminal', `\x1b[1;31m${REFUSED.replace('Allowed', '\x1b[0mAllowed')}\x1b[K`],
    ['colours that syslog escaped', `#033[31m${REFUSED}#033[0m`],
    ['Windows line ends', `noise\r\n${REFUSED}\r\nnoise\r\n`],
    ['a record of syslog', `libvirtd[42]: internal error: x#012${REFUSED}#012more`],
    ['a string of JSON', JSON.stringify({ msg: `one\n\x1b[31m${REFUSED}\nthree` })],
    ['a string of JSON in JSON', JSON.stringify(JSON.stringify({ msg: `one\n${REFUSED}\nthree` }))],
    ['a web page', `&gt; ${REFUSED}`],
    [
      'quoted-printable',
      `${'x'.repeat(60)} qemu-kvm: Fea=\ntures 0x130afa7a7 unsupported. Allowed features: 0x178bfa7e6`,
    ],
    ['journald', `Jan 01 00:00:00 host libvirtd[42]: ${REFUSED}`],
    ['virsh', `error: operation failed: ${REFUSED}`],
  ];
  for (const [title, text] of framed)
    it(`is taken off: ${title}`, () => {
      const [found] = explain(text, entries).filter(({ id }) => id === 'qemu-features-unsupported');
      assert.deepEqual(
        found?.missing.map(({ name }) => name),
        ['VIRTIO_NET_F_CSUM'],
        text,
      );
    });

  it('is taken off: =3D of quoted-printable', () => {
    const line = "-device virtio-net-pci,in_order=3Don: Property 'virtio-net-pci.in_order' not found";
    const [found] = explain(`Content-Transfer-Encoding: quoted-printable\n\n${line}`, entries);
    assert.match(found?.text ?? '', /in_order=on/);
  });

  it('does not join what only looks broken softly', () => {
    assert.deepEqual(ids(`${'x'.repeat(20)}=\n${REFUSED}`), ['qemu-features-unsupported']);
  });
});

describe('explain: a line that was wrapped when pasted', () => {
  it('is known wherever it was broken between words', () => {
    const words = MEMORY.split(' ');
    for (let at = 5; at < words.length; at += 1) {
      const text = `${words.slice(0, at).join(' ')}\n    ${words.slice(at).join(' ')}`;
      assert.deepEqual(ids(text), ['qemu-memory-not-shared'], text);
    }
  });

  it('is known when a terminal broke it in the middle of a word', () => {
    assert.deepEqual(ids(`${MEMORY.slice(0, 80)}\n${MEMORY.slice(80)}`), ['qemu-memory-not-shared']);
  });

  it('is not made out of two lines that have nothing to do with each other', () => {
    const text =
      'qemu-system-x86_64: Failed initializing vhost-user memory map, consider using\nqemu-system-x86_64: -object memory-backend-file share=on';
    assert.deepEqual(ids(text), []);
  });

  it('keeps the number of its first piece, and of the lines after it', () => {
    const text = `noise\n${MEMORY.slice(0, 60)}\n${MEMORY.slice(60)}\nvhost peer closed`;
    assert.deepEqual(
      explain(text, entries).map(({ id, line }) => [id, line]),
      [
        ['qemu-memory-not-shared', 2],
        ['dpdk-peer-closed', 4],
      ],
    );
  });
});

describe('explain: a log in pieces', () => {
  const log = [
    'noise',
    `> ${REFUSED}`,
    '\x1b[1mvhost peer closed\r',
    `${MEMORY.slice(0, 60)}`,
    MEMORY.slice(60),
    '',
  ].join('\n');

  it('is the same log, wherever it is cut', () => {
    const whole = explain(log, entries);
    fc.assert(
      fc.property(fc.array(fc.nat(log.length), { maxLength: 8 }), (cuts) => {
        const reader = new Explainer(entries);
        const places = [0, ...cuts.toSorted((a, b) => a - b), log.length];
        for (const [index, at] of places.slice(1).entries()) reader.add(log.slice(places[index], at));
        assert.deepEqual(reader.end().explanations, whole);
      }),
    );
  });

  it('keeps no more of it than it says: repeated lines and noise take no room', () => {
    const reader = new Explainer(entries);
    for (let index = 0; index < 2000; index += 1)
      reader.add(`2022-11-24T19:21:24Z|${index}|dpdk|ERR|unknown ${index}\nvhost peer closed\n`);
    const { explanations, unknown, unknownCount } = reader.end();
    assert.deepEqual([explanations.length, explanations[0]?.count, unknownCount], [1, 2000, 2000]);
    assert.ok(unknown.length < 2000);
  });
});

describe('the index of rows', () => {
  it('takes only words that every match holds', () => {
    assert.deepEqual(certainWords('vhost lacks feature mask (?<missing>0x[\\da-f]+|\\d+) for backend'), ['feature']);
    assert.deepEqual(certainWords('a (?:first|second) \\d+'), ['first', 'second']);
    assert.deepEqual(certainWords('(?:no)? certain (?!word) \\w+'), ['certain']);
    assert.equal(certainWords('(?:maybe )?x'), undefined);
    assert.deepEqual(certainWords('[Pp]rocessing \\S+ it now'), ['processing']);
    assert.equal(certainWords('\\w+edge|\\w+edges'), undefined);
  });

  it('hands out the row of every example', () => {
    const index = new RowIndex(MESSAGES);
    for (const row of MESSAGES)
      for (const line of [row.example, ...(row.spellings ?? [])])
        assert.ok(index.rowsFor(line).includes(row), `${row.id}: ${line}`);
  });

  it('knows a word for nearly every row, so that a log is read quickly', () => {
    const without = MESSAGES.filter(({ pattern }) => certainWords(pattern.source) === undefined);
    assert.ok(without.length < MESSAGES.length / 10, without.map(({ id }) => id).join());
  });
});
