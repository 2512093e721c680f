import { JSONRPCErrorCode } from 'json-rpc-2.0';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { ParamsError } from './api-params.ts';
import type { ErrorData } from './methods.ts';

/** The numbers of JSON-RPC 2.0, section 5.1. Clients decide by the catalogue's code, in `data.code`. */
export const RPC_CODE = {
  parse: JSONRPCErrorCode.ParseError,
  request: JSONRPCErrorCode.InvalidRequest,
  method: JSONRPCErrorCode.MethodNotFound,
  params: JSONRPCErrorCode.InvalidParams,
  internal: JSONRPCErrorCode.InternalError,
  /** An error of ours, from the range that the specification leaves to servers. */
  ours: -32000,
} as const;

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: ErrorData;
}

export interface RpcErrorResponse {
  readonly jsonrpc: '2.0';
  readonly id: string | number | null;
  readonly error: RpcError;
}

export function errorResponse(id: string | number | null, error: RpcError): RpcErrorResponse {
  return { jsonrpc: '2.0', id, error };
}

/**
 * The error as a client may see it. Errors of the catalogue are sent whole; of any other not even the text is, which may
 * name paths and data of others.
 */
export function publicError(error: unknown): RpcError {
  const shown = (code: number, message: string, data: ErrorData): RpcError => ({ code, message, data });
  if (error instanceof ParamsError)
    return shown(RPC_CODE.params, error.message, { code: 'VC-API-PARAMS', details: { path: error.path } });
  if (error instanceof CompatError)
    return shown(RPC_CODE.ours, error.message, { code: error.code, details: plain(error.details) });
  return shown(RPC_CODE.internal, 'internal error', { code: 'VC-INTERNAL', details: {} });
}

/** Whether an error has its place in the API; all others belong in the log with their stack. */
export function isForeseen(error: unknown): boolean {
  return error instanceof ParamsError || error instanceof CompatError;
}

/** Details as JSON has them: masks as "0x…". */
function plain(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return JSON.parse(
    JSON.stringify(details, (_, value: unknown) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value)),
  ) as Record<string, unknown>;
}
