import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  decodeNotification,
  encodeRemove,
  encodeStore,
  isDescriptorName,
  MAX_NOTIFICATION_BYTES,
  NotificationError,
} from '../../../agent/keeper/notify-protocol.ts';

const NOTHING = {
  ...{ action: undefined, name: 'stored', ready: false, stopping: false, status: undefined },
  handedOver: false,
};

describe('protocol: notifications', () => {
  const understood: [title: string, text: string, expected: object][] = [
    ['ready', 'READY=1', { ...NOTHING, ready: true }],
    ['several at once', 'READY=1\nSTATUS=a = b\nMAINPID=7\n', { ...NOTHING, ready: true, status: 'a = b' }],
    ['stopping', 'STOPPING=1', { ...NOTHING, stopping: true }],
    ['a store as systemd documents it', 'FDSTORE=1\nFDNAME=x y', { ...NOTHING, action: 'store', name: 'x y' }],
    ['a store without a name', 'FDSTORE=1', { ...NOTHING, action: 'store' }],
    ['a removal', 'FDSTOREREMOVE=1\nFDNAME=x', { ...NOTHING, action: 'remove', name: 'x' }],
    ['what is handed over', 'X_HANDED_OVER=1', { ...NOTHING, handedOver: true }],
    ['what is not asked for', 'FDSTORE=0\nREADY=0', NOTHING],
    ['what nobody knows', 'X_NEW=1\nno assignment\n=\n', NOTHING],
    ['the first of two', 'FDSTORE=1\nFDNAME=a\nFDNAME=b', { ...NOTHING, action: 'store', name: 'a' }],
  ];
  for (const [title, text, expected] of understood) {
    it(`understands ${title}`, () => assert.deepEqual(decodeNotification(Buffer.from(text)), expected));
  }

  const refused: [title: string, text: string][] = [
    ['an empty one', ''],
    ['a zero byte', 'READY=1\0'],
    ['a removal of everything', 'FDSTOREREMOVE=1'],
    ['an empty name', 'FDSTORE=1\nFDNAME='],
    ['a name with a colon', 'FDSTORE=1\nFDNAME=a:b'],
    ['a name that is not ASCII', 'FDSTORE=1\nFDNAME=é'],
    ['a name with a control character', 'FDSTORE=1\nFDNAME=a\x1bb'],
    ['a name that is too long', `FDSTORE=1\nFDNAME=${'x'.repeat(256)}`],
    ['storing and removing', 'FDSTORE=1\nFDSTOREREMOVE=1\nFDNAME=x'],
    ['too many bytes', 'x'.repeat(MAX_NOTIFICATION_BYTES + 1)],
  ];
  for (const [title, text] of refused) {
    it(`refuses ${title}`, () => assert.throws(() => decodeNotification(Buffer.from(text)), NotificationError));
  }

  it('understands what it writes, for every name', () => {
    const names = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 255 }).filter(isDescriptorName);
    fc.assert(
      fc.property(names, (name) => {
        assert.deepEqual(decodeNotification(encodeStore(name)), { ...NOTHING, action: 'store', name });
        assert.deepEqual(decodeNotification(encodeRemove(name)), { ...NOTHING, action: 'remove', name });
      }),
    );
  });

  it('writes no name that it would refuse', () => {
    for (const name of ['', 'a:b', 'a\nb', 'x'.repeat(256), 'ü']) {
      assert.throws(() => encodeStore(name), RangeError);
      assert.throws(() => encodeRemove(name), RangeError);
    }
    assert.equal(Buffer.from(encodeStore('x')).toString(), 'FDSTORE=1\nFDNAME=x\nFDPOLL=0');
  });

  it('answers any bytes with a notification or a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          assert.ok(isDescriptorName(decodeNotification(bytes).name));
        } catch (error) {
          assert.ok(error instanceof NotificationError);
        }
      }),
    );
  });
});
