import type { ErrorCode } from '../../../compat-tables/errors/catalogue.ts';
import { CompatError, type ErrorDetails } from '../../../compat-tables/errors/compat-error.ts';
import { SystemCallError } from '../../fd/libc.ts';
import { TruncatedError } from '../../fd/libc-message.ts';
import { ForeignDescriptorError } from '../../fd/owned-fd.ts';
import { PartialMessageError } from '../../fd/resumable-socket.ts';
import { type VhostErrorKind, VhostProtocolError } from '../../vhost/errors.ts';

const CODES: Readonly<Record<VhostErrorKind, ErrorCode>> = {
  header: 'VC-VHOST-HEADER',
  size: 'VC-VHOST-SIZE',
  descriptors: 'VC-VHOST-FDS',
  'ring index': 'VC-VHOST-SIZE',
  number: 'VC-VHOST-NUMBER',
};

/** Gives an error of the floors below its catalogued code. Anything unforeseen is a mistake of ours. */
export function asCompatError(error: Error, details: ErrorDetails & { readonly side: string }): CompatError {
  if (error instanceof CompatError) return error;
  return new CompatError(codeOf(error), error.message, details, { cause: error });
}

function codeOf(error: Error): ErrorCode {
  if (error instanceof VhostProtocolError) return CODES[error.kind];
  if (error instanceof ForeignDescriptorError) return 'VC-VHOST-FILE';
  if (error instanceof TruncatedError) return 'VC-VHOST-TRUNCATED';
  if (error instanceof PartialMessageError) return 'VC-VHOST-PARTIAL';
  if (error instanceof SystemCallError) return 'VC-VHOST-IO';
  return 'VC-INTERNAL';
}
