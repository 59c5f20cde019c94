/**
 * A rule as it is edited: groups and conditions with a key each, a "not" as a mark on them. Pure.
 * What is edited may be incomplete; only what is complete becomes a rule of the API.
 */
import type { Condition, Tree } from './types';

export type Joint = 'all' | 'any';
export type Kind = 'fact' | 'tag' | 'date' | 'event' | 'score' | 'consent' | 'address' | 'segment' | 'near';

export interface DraftGroup {
  key: number;
  negated: boolean;
  joint: Joint;
  parts: Draft[];
}

export interface DraftCondition {
  key: number;
  negated: boolean;
  condition: Condition;
}

export type Draft = DraftGroup | DraftCondition;

export const KINDS: readonly Kind[] = ['fact', 'event', 'tag', 'score', 'date', 'consent', 'address', 'segment', 'near'];
/** How deep groups stand in each other here; the API takes ten, with every "not" counted. */
export const DEEPEST = 4;
export const MOST_CONDITIONS = 50;

let lastKey = 0;
const newKey = () => (lastKey += 1);

export function isGroup(draft: Draft): draft is DraftGroup {
  return 'parts' in draft;
}

export function kindOf(condition: Condition): Kind {
  return KINDS.find((kind) => kind in condition) ?? 'tag';
}

/** A condition of a kind with nothing filled in but what most people want. */
export function blank(kind: Kind): Condition {
  const blanks: Record<Kind, Condition> = {
    fact: { fact: 'stage', op: 'is', value: 'lead' },
    tag: { tag: '' },
    date: { date: 'created_at', is: 'in_last', days: 30, day: null },
    event: { event: 'page_viewed', where: [], times: 'at_least', count: 1, in_last: { amount: 30, unit: 'days' }, since: null, until: null },
    score: { score: 'total', op: 'at_least', value: 30 },
    consent: { consent: 'marketing', channel: 'email', is: 'given' },
    address: { address: 'email', verified: null },
    segment: { segment: '' },
    near: { near: '', at_least: 0.6 },
  };
  return blanks[kind];
}

export function newCondition(kind: Kind): DraftCondition {
  return { key: newKey(), negated: false, condition: blank(kind) };
}

export function newGroup(joint: Joint, parts: Draft[] = [newCondition('fact')]): DraftGroup {
  return { key: newKey(), negated: false, joint, parts };
}

/** The rule as it is edited. A rule of one condition stands in a group, so that another can be put beside it. */
export function toDraft(tree: Tree): DraftGroup {
  const draft = read(tree);
  return isGroup(draft) ? draft : newGroup('all', [draft]);
}

function read(tree: Tree): Draft {
  if ('not' in tree) {
    const inner = read(tree.not);
    return { ...inner, negated: !inner.negated };
  }
  if ('all' in tree) return newGroup('all', tree.all.map(read));
  if ('any' in tree) return newGroup('any', tree.any.map(read));
  // What was left out of the rule is as it is when nothing is said: never what a blank form proposes.
  return { key: newKey(), negated: false, condition: { ...UNSAID[kindOf(tree)], ...tree } as Condition };
}

const UNSAID: Record<Kind, object> = {
  fact: { value: null },
  event: { where: [], times: 'at_least', count: 1, in_last: null, since: null, until: null },
  tag: {},
  score: {},
  date: { days: null, day: null },
  consent: { is: 'given' },
  address: { verified: null },
  segment: {},
  near: { at_least: 0.6 },
};

/** The rule to send, or null while something in it is not filled in. */
export function toTree(draft: Draft): Tree | null {
  const inner = isGroup(draft) ? groupToTree(draft) : conditionToTree(draft.condition);
  if (inner === null) return null;
  return draft.negated ? { not: inner } : inner;
}

function groupToTree({ joint, parts }: DraftGroup): Tree | null {
  const trees = parts.map(toTree);
  const whole = trees.filter((tree) => tree !== null);
  if (whole.length === 0 || whole.length < trees.length) return null;
  const [only] = whole;
  if (whole.length === 1 && only) return only;
  return joint === 'all' ? { all: whole } : { any: whole };
}

function conditionToTree(condition: Condition): Tree | null {
  return isComplete(condition) ? condition : null;
}

/** Whether the condition could be asked as it stands. */
export function isComplete(condition: Condition): boolean {
  if ('tag' in condition) return condition.tag.trim() !== '';
  if ('fact' in condition) return condition.fact !== '' && fits(condition);
  if ('date' in condition) return condition.day !== null ? condition.day !== '' : isWhole(condition.days, 0);
  if ('event' in condition) {
    const isWindowWhole = condition.in_last == null || isWhole(condition.in_last.amount, 1);
    const isSpanWhole = !condition.since || !condition.until || condition.since < condition.until;
    const isCountWhole = isWhole(condition.count, condition.times === 'at_least' ? 1 : 0);
    return isCountWhole && isWindowWhole && isSpanWhole && condition.where.every((one) => one.property !== '' && fits(one));
  }
  if ('score' in condition) return Number.isFinite(condition.value);
  if ('segment' in condition) return condition.segment !== '';
  if ('near' in condition) return condition.near.trim().length >= 3;
  return true;
}

function fits({ op, value }: { op: string; value: unknown }): boolean {
  if (op === 'known' || op === 'unknown') return true;
  if (op === 'in') return Array.isArray(value) && value.length > 0;
  if (op === 'at_least' || op === 'at_most') return Number.isFinite(value);
  if (op === 'starts_with' || op === 'contains') return typeof value === 'string' && value !== '';
  return typeof value === 'number' ? Number.isFinite(value) : value !== '' && value !== null && !Array.isArray(value);
}

function isWhole(value: number | null, least: number): boolean {
  return value !== null && Number.isInteger(value) && value >= least;
}

/** The single conditions in reading order, as the API counts them. */
export function leavesOf(draft: Draft): DraftCondition[] {
  return isGroup(draft) ? draft.parts.flatMap(leavesOf) : [draft];
}

/** The draft with the part of this key changed, or taken out when `change` gives null. Groups that lose their last part go too. */
export function changePart(draft: DraftGroup, key: number, change: (part: Draft) => Draft | null): DraftGroup {
  return (changed(draft, key, change) as DraftGroup | null) ?? newGroup('all');
}

function changed(draft: Draft, key: number, change: (part: Draft) => Draft | null): Draft | null {
  if (draft.key === key) return change(draft);
  if (!isGroup(draft)) return draft;
  const parts = draft.parts.map((part) => changed(part, key, change)).filter((part) => part !== null);
  return parts.length > 0 ? { ...draft, parts } : null;
}
