import { type Check, ShapeError } from '../json/shape.ts';

export class ParamsError extends Error {
  override readonly name = 'ParamsError';
  /** `params.name`. */
  readonly path: string;

  constructor(path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** Reads the parameters of a call; absent params are those of a call without any. Throws ParamsError. */
export function readParams<T>(check: Check<T>, params: unknown): T {
  try {
    return check(params ?? {}, 'params');
  } catch (cause) {
    if (cause instanceof ShapeError) throw new ParamsError(cause.path, cause.message, { cause });
    throw cause;
  }
}
