import assert from 'node:assert/strict';
import { parseDocument } from '../../../rpc/fleet/read-documents.ts';
import { checkDocuments, selectVersion } from '../../../rpc/fleet/selection.ts';

const WITHDRAWN = { since: '2026-03-01', why: 'guests lose frames', use: 'v2' };

/** A device of some type that takes in two versions; the first one is withdrawn, or not. */
function device(host: string, version: string, withdrawn?: object) {
  const compatible = [{ version: 'v1', ...(withdrawn && { withdrawn }) }, { version: 'v2' }];
  const self = { device_type: 'acme-gpu', version };
  const text = JSON.stringify({ format: 1, kind: 'vhost-compat device', host, self, compatible });
  return parseDocument(text, `${host}.json`);
}

describe('withdrawn versions in documents of devices', () => {
  it('are taken in and not selected', () => {
    const [old, now] = [device('old', 'v1'), device('now', 'v2', WITHDRAWN)];
    assert.equal(selectVersion([old, device('other', 'v1')]).version, 'v1');
    const { version, rows } = selectVersion([old, now]);
    assert.deepEqual(
      [version, rows[0]?.lacking.map(({ host, code }) => [host, code])],
      ['v2', [['now', 'VC-VERSION-WITHDRAWN']]],
    );
    assert.equal(checkDocuments(old, now, { deviceType: 'acme-gpu', version: 'v1' }).ok, true);
  });

  it('are refused when they do not say why', () => {
    assert.throws(() => device('odd', 'v1', { since: 'x' }), /withdrawn/);
  });
});
