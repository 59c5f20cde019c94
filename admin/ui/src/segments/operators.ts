/** How a fact or property may be compared by its type, and what value each comparison takes. Pure. */
import type { FactCondition } from './types';

export type Op = FactCondition['op'];
export type Value = FactCondition['value'];
export type ValueType = 'text' | 'number' | 'choice' | 'yes_no';

const OPS: Record<ValueType, readonly Op[]> = {
  text: ['is', 'is_not', 'in', 'starts_with', 'contains', 'known', 'unknown'],
  number: ['is', 'is_not', 'at_least', 'at_most', 'known', 'unknown'],
  choice: ['is', 'is_not', 'in', 'known', 'unknown'],
  yes_no: ['is', 'known', 'unknown'],
};

/** The comparisons offered; one that a rule has already is always among them. */
export function opsFor(type: ValueType, current: Op): readonly Op[] {
  const offered = OPS[type];
  return offered.includes(current) ? offered : [current, ...offered];
}

/** The type by the API's name of it, of a field or of an event's property; what has none of ours is written as text. */
export function valueTypeOf(type: string | undefined): ValueType {
  if (type === 'number' || type === 'whole') return 'number';
  if (type === 'yes_no' || type === 'flag') return 'yes_no';
  return type === 'choice' ? 'choice' : 'text';
}

/** The value to go on with after another comparison or type was chosen: the old one where it still says something. */
export function carryOver(op: Op, type: ValueType, value: Value): Value {
  if (op === 'known' || op === 'unknown') return null;
  const single = Array.isArray(value) ? (value[0] ?? '') : (value ?? '');
  if (op === 'in') return single === '' ? [] : [single];
  if (type === 'yes_no') return typeof single === 'boolean' ? single : true;
  if (type === 'number' || op === 'at_least' || op === 'at_most') return typeof single === 'number' ? single : '';
  return typeof single === 'string' ? single : String(single);
}
