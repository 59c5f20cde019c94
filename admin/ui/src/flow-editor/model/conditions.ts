/** Conditions of the flow language: their kinds, their change from one to another, and what they say. Pure. */
import { isRecord, type Condition } from './document';

export const KINDS = ['slot', 'fact', 'score', 'property', 'segment', 'happened', 'all', 'any', 'not'] as const;
export type ConditionKind = (typeof KINDS)[number];
/** A flow asks about its own talk; a journey about the person. */
export const KINDS_OF: Readonly<Record<'flow' | 'journey' | 'event', readonly ConditionKind[]>> = {
  flow: ['slot', 'fact', 'all', 'any', 'not'],
  journey: ['fact', 'score', 'segment', 'happened', 'all', 'any', 'not'],
  event: ['property', 'all', 'any', 'not'],
};

export const OPERATORS = ['is', 'is_not', 'in', 'known', 'unknown', 'at_least', 'at_most'] as const;
export type Operator = (typeof OPERATORS)[number];
const WITHOUT_VALUE: ReadonlySet<string> = new Set(['known', 'unknown']);
const WITH_NUMBER: ReadonlySet<string> = new Set(['at_least', 'at_most']);

export function kindOf(condition: Condition): ConditionKind {
  return KINDS.find((kind) => kind in condition) ?? 'slot';
}

/** The conditions inside one of `all`, `any` or `not`. */
export function partsOf(condition: Condition): Condition[] {
  const kind = kindOf(condition);
  const inner = condition[kind];
  if (kind === 'not') return isRecord(inner) ? [inner] : [];
  return (kind === 'all' || kind === 'any') && Array.isArray(inner) ? inner.filter(isRecord) : [];
}

/** A first condition of a kind; a group takes in what there was. */
export function conditionOf(kind: ConditionKind, before: Condition | null): Condition {
  switch (kind) {
    case 'all':
    case 'any':
      return { [kind]: before ? (partsOf(before).length > 0 ? partsOf(before) : [before]) : [] };
    case 'not':
      return { not: before ?? { slot: '', op: 'known' } };
    case 'segment':
      return { segment: '' };
    case 'happened':
      return { happened: '' };
    case 'score':
      return { score: 'total', op: 'at_least', value: 50 };
    default:
      return { [kind]: '', op: 'is', value: '' };
  }
}

/** The same comparison with another operator, its value brought into the form that one needs. */
export function withOperator(condition: Condition, op: Operator): Condition {
  const { value, ...rest } = condition;
  if (WITHOUT_VALUE.has(op)) return { ...rest, op };
  if (op === 'in') return { ...rest, op, value: Array.isArray(value) ? value : value === undefined || value === null || value === '' ? [] : [value] };
  const single: unknown = Array.isArray(value) ? value[0] : value;
  if (WITH_NUMBER.has(op)) return { ...rest, op, value: typeof single === 'number' ? single : Number(single) || 0 };
  return { ...rest, op, value: single ?? '' };
}

export function takesValue(op: unknown): boolean {
  return !WITHOUT_VALUE.has(String(op));
}

export function takesNumber(op: unknown): boolean {
  return WITH_NUMBER.has(String(op));
}

/** A value as a person types it: numbers and true/false become what they look like, all else is text. */
export function readScalar(typed: string): string | number | boolean {
  const text = typed.trim();
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(text) ? Number(text) : typed;
}

/** The condition in words; `say` gives operators and joining words in the reader's language. */
export function conditionInWords(condition: Condition, say: (key: string) => string): string {
  const kind = kindOf(condition);
  const parts = partsOf(condition);
  if (kind === 'not') return `${say('not')} (${parts.map((part) => conditionInWords(part, say)).join('')})`;
  if (kind === 'all' || kind === 'any') {
    return parts.map((part) => (partsOf(part).length > 1 ? `(${conditionInWords(part, say)})` : conditionInWords(part, say))).join(` ${say(kind === 'all' ? 'and' : 'or')} `);
  }
  const name = String(condition[kind] ?? '').replaceAll('_', ' ');
  if (kind === 'segment') return `${say('in_segment')} ${name}`;
  if (kind === 'happened') {
    const times = typeof condition.at_least === 'number' && condition.at_least > 1 ? ` ≥ ${condition.at_least}×` : '';
    return `${say('happened')} ${name}${times}${typeof condition.within === 'string' ? ` (${condition.within})` : ''}`;
  }
  const op = String(condition.op);
  const value = Array.isArray(condition.value) ? condition.value.join(', ') : String(condition.value ?? '');
  return [name, say(`op_${op}`), takesValue(op) ? value : ''].filter(Boolean).join(' ');
}
