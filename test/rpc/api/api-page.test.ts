import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiPage } from '../../../rpc/api/api-page.ts';
import { ParamsError, readParams } from '../../../rpc/api/api-params.ts';
import { METHODS } from '../../../rpc/api/methods.ts';
import { ROOT } from '../../root.ts';

describe('docs/api.md', () => {
  it('is what the table of methods says (npm run docs writes it)', () => {
    const path = join(ROOT, 'docs', 'api.md');
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, apiPage());
    assert.equal(readFileSync(path, 'utf8'), apiPage());
  });

  for (const [name, spec] of Object.entries(METHODS)) {
    it(`names exactly the parameters that ${name} takes`, () => {
      const names = Object.keys(spec.takes).map((param) => param.replace('?', ''));
      // A member that the check does not know is refused as such; one that it knows is refused for its value, if at all.
      for (const param of names)
        assert.doesNotMatch(refusal(spec.params, { [param]: Symbol() }), /is not known here/, param);
      const known = new Set(names);
      for (const param of ALL) {
        if (!known.has(param)) assert.match(refusal(spec.params, { [param]: 1 }), /is not known here/, param);
      }
    });

    it(`requires the parameters of ${name} that are not marked with "?"`, () => {
      const first = Object.keys(spec.takes).find((param) => !param.endsWith('?'));
      const text = refusal(spec.params, {});
      assert.equal(
        text,
        first === undefined ? '' : `Cannot read params.${first}: expected ${KIND[first] ?? 'a string'}, got nothing`,
      );
    });
  }
});

const ALL = new Set(
  Object.values(METHODS).flatMap((spec) => Object.keys(spec.takes).map((param) => param.replace('?', ''))),
);
const KIND: Readonly<Record<string, string>> = { subscription: 'a whole number', trace: 'a whole number' };

function refusal(check: (value: unknown, path: string) => unknown, params: unknown): string {
  try {
    readParams(check, params);
    return '';
  } catch (error) {
    assert.ok(error instanceof ParamsError);
    return error.message;
  }
}
