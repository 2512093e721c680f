import type { Outstanding } from '../link/recent-requests.ts';
import type { PortEvent } from './port-status.ts';

/** The events of a side that hangs up, which name the requests that were going on. */

type Told = Pick<PortEvent, 'text' | 'details'>;

const NOTHING: Outstanding = { last: undefined, unconfirmed: undefined, unanswered: [] };

/** `The back-end hung up after SET_VRING_NUM (ring 0, 1024)`, or what it was to answer. */
export function whenBackendEnds({ last, unconfirmed, unanswered } = NOTHING): Told {
  const after = unconfirmed === undefined ? '' : ` after ${unconfirmed}`;
  const owed = unanswered.length === 0 ? '' : `, without a reply to ${unanswered.join(', ')}`;
  // a request that is both is named once
  const short = unanswered.length === 1 && unanswered[0] === unconfirmed;
  return {
    text: `The back-end hung up${short ? owed.slice(1) : `${after}${owed}`}`,
    details: detailsOf(last, unanswered),
  };
}

/** `The front-end is gone after GET_VRING_BASE (ring 0), which the back-end had not answered` */
export function whenFrontendEnds({ last, unanswered } = NOTHING): Told {
  const after = last === undefined ? '' : ` after ${last}`;
  const own = last !== undefined && unanswered.includes(last);
  const others = unanswered.filter((one) => one !== last);
  const owed = [
    ...(own ? [', which the back-end had not answered'] : []),
    ...(others.length === 0 ? [] : [`; the back-end had not answered ${others.join(', ')}`]),
  ];
  return { text: `The front-end is gone${after}${owed.join('')}`, details: detailsOf(last, unanswered) };
}

function detailsOf(last: string | undefined, unanswered: readonly string[]): PortEvent['details'] {
  return {
    ...(last === undefined ? {} : { after: last }),
    ...(unanswered.length === 0 ? {} : { unanswered: unanswered.join(', ') }),
  };
}
