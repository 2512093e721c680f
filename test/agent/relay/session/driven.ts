import { decideReply } from '../../../../agent/relay/session/reply-rules.ts';
import { decideRequest } from '../../../../agent/relay/session/request-rules.ts';
import {
  type Action,
  beginSession,
  type SessionContext,
  type SessionState,
  type Step,
} from '../../../../agent/relay/session/session.ts';
import { checkReply, checkRequest } from '../../../../agent/vhost/check-message.ts';
import { type MessageView, REPLY, VERSION } from '../../../../agent/vhost/header.ts';
import { readU64, writeU64 } from '../../../../agent/vhost/payloads.ts';
import type { Entry } from '../../../../compat-tables/entries/entry.ts';
import { REQUESTS, type RequestName } from '../../../../compat-tables/protocol/requests.ts';
import { entryOf, OVS_3_2 } from '../../support.ts';

/** Sessions of the relay that tests drive by hand, message by message. */

export function request(
  name: RequestName | number,
  payload: Uint8Array = new Uint8Array(0),
  flags = 0,
  fds = 0,
): MessageView {
  return {
    request: typeof name === 'number' ? name : REQUESTS[name].id,
    flags: VERSION | flags,
    payload,
    fds: { length: fds },
  };
}
export function reply(name: RequestName, payload: Uint8Array): MessageView {
  return request(name, payload, REPLY);
}

export function onRequest(context: SessionContext, state: SessionState, message: MessageView): Step {
  return decideRequest(context, state, message, checkRequest(message));
}
export function onReply(context: SessionContext, state: SessionState, message: MessageView): Step {
  return decideReply(context, state, message, checkReply(message));
}

/** A session that is driven by hand, and remembers what it wanted done. */
export class Driven {
  readonly context: SessionContext;
  state: SessionState;
  actions: readonly Action[] = [];

  constructor(mode: Entry = entryOf(), abilities = OVS_3_2) {
    this.context = { interface: 'vhu1', mode, abilities };
    this.state = beginSession(this.context, abilities);
  }
  ask(message: MessageView): readonly Action[] {
    ({ state: this.state, actions: this.actions } = onRequest(this.context, this.state, message));
    return this.actions;
  }
  answer(message: MessageView): readonly Action[] {
    ({ state: this.state, actions: this.actions } = onReply(this.context, this.state, message));
    return this.actions;
  }
  /** As a device that runs with these features. */
  run(acked: bigint): this {
    this.ask(request('SET_FEATURES', writeU64(acked)));
    this.ask(request('SET_VRING_KICK', writeU64(0n), 0, 1));
    return this;
  }
  replyAck(): this {
    this.ask(request('SET_PROTOCOL_FEATURES', writeU64(OVS_3_2.protocolFeatures)));
    return this;
  }
}

export const does = (actions: readonly Action[]) => actions.map((action) => action.do);
export const refusal = (actions: readonly Action[]) => actions.find((action) => action.do === 'refuse');
export const told = (actions: readonly Action[]): bigint | undefined => {
  const changed = actions.find((action) => action.do === 'forwardChanged');
  return changed && readU64(changed.bytes.subarray(12));
};
