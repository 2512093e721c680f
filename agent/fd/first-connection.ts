import type { Endpoint } from '../../compat-tables/protocol/endpoint.ts';
import { EndpointOpener, type EndpointOpenerOptions } from './endpoint-opener.ts';
import type { OwnedFd } from './owned-fd.ts';

/** The first connection on an endpoint. Rejects with what the opener says, or after `timeoutMs` with `tooLate()`. */
export async function firstConnection(
  endpoint: Endpoint,
  options: EndpointOpenerOptions,
  timeoutMs: number,
  tooLate: () => Error,
): Promise<OwnedFd> {
  let opener: EndpointOpener | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<OwnedFd>((resolve, reject) => {
      const arrived = (fd: OwnedFd): void => {
        opener?.hold();
        resolve(fd);
      };
      opener = new EndpointOpener(endpoint, options, { arrived, failed: reject });
      opener.open();
      timer = setTimeout(() => reject(tooLate()), timeoutMs);
    });
  } finally {
    clearTimeout(timer);
    opener?.close();
  }
}
