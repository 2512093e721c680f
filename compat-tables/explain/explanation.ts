/** The explanation of one line. */

import type { FeatureFamily } from '../bits/feature-bits.ts';
import { type DecodedBit, decodeMask } from '../bits/mask.ts';
import type { ReleaseSpan } from '../releases/resembles.ts';
import type { Device } from './device.ts';
import type { Program, Tells } from './messages/message-row.ts';
import type { MissingBit } from './missing-bits.ts';
import type { Prevention } from './prevention.ts';

export type MaskRole = 'guest' | 'allowed' | 'missing' | 'negotiated' | 'other' | 'protocol';

export interface ExplainedMask {
  readonly role: MaskRole;
  readonly mask: bigint;
  readonly family: FeatureFamily;
  readonly bits: readonly DecodedBit[];
}

export interface Explanation {
  /** Of the row, or the code itself for one of ours. */
  readonly id: string;
  readonly program: Program;
  /** Counted from 1. */
  readonly line: number;
  /** How often the same was said, this line included. */
  readonly count: number;
  /** The line without white space around it. */
  readonly text: string;
  readonly means: string;
  readonly tells: Tells;
  /** Of a symptom: the number of the line that names the cause. It takes the place of culprits and remedies. */
  readonly causeLine: number | undefined;
  readonly culprits: readonly string[];
  readonly remedies: readonly string[];
  /** Only where a mask has to be read. */
  readonly device: Device | undefined;
  readonly masks: readonly ExplainedMask[];
  readonly missing: readonly MissingBit[];
  /** Back-ends on which a guest gets exactly these features, and such that offer exactly what is allowed. */
  readonly fits: { readonly guest: readonly ReleaseSpan[]; readonly here: readonly ReleaseSpan[] };
  readonly prevention: Prevention | undefined;
}

/** An explanation before the place of its line and the repetitions are known. */
export type LineExplanation = Omit<Explanation, 'line' | 'count' | 'text' | 'causeLine'>;

/** The mask with its bits, as a list that is empty when there is none. */
export function explainedMask(role: MaskRole, mask: bigint | undefined, family: FeatureFamily): ExplainedMask[] {
  return mask === undefined ? [] : [{ role, mask, family, bits: decodeMask(family, mask) }];
}
