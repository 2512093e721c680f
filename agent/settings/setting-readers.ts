/** What a setting has to be, or undefined when it is so. */
export type Reader = (value: unknown) => string | undefined;

export const text: Reader = (value) => (typeof value === 'string' && value !== '' ? undefined : 'a non-empty string');

export const texts: Reader = (value) =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string' && one !== '')
    ? undefined
    : 'a list of non-empty strings';

export const count: Reader = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'a whole number of at least 0';

/** A whole number from 0 to `most`. */
export const upTo =
  (most: number): Reader =>
  (value) =>
    count(value) === undefined && (value as number) <= most ? undefined : `a whole number from 0 to ${most}`;

export const counts: Reader = (value) =>
  isObject(value) && Object.values(value).every((one) => count(one) === undefined)
    ? undefined
    : 'an object of whole numbers';

export const anObject: Reader = (value) => (isObject(value) ? undefined : 'an object');

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
