import { describe, expect, it } from 'vitest';
import { blank, changePart, isComplete, KINDS, leavesOf, newCondition, newGroup, toDraft, toTree } from './tree';
import type { Tree } from './types';

const VIP: Tree = { tag: 'vip' };
const OLD: Tree = { date: 'created_at', is: 'at_least_ago', days: 90, day: null };
const READER: Tree = {
  event: 'page_viewed', where: [], times: 'at_least', count: 3, in_last: { amount: 14, unit: 'days' }, since: null, until: null,
};

describe('a rule that is edited', () => {
  it('comes back as it was', () => {
    const tree: Tree = { all: [VIP, { any: [OLD, { not: READER }] }, { not: { all: [VIP, OLD] } }] };
    expect(toTree(toDraft(tree))).toEqual(tree);
  });

  it('is the condition alone when it has one', () => {
    expect(toTree(toDraft(VIP))).toEqual(VIP);
    expect(toTree(toDraft({ not: VIP }))).toEqual({ not: VIP });
  });

  it('takes two nots for none', () => {
    expect(toTree(toDraft({ all: [{ not: { not: VIP } }, OLD] }))).toEqual({ all: [VIP, OLD] });
  });

  it('does not add a span of time to an event that has none', () => {
    const draft = toDraft({ event: 'signed_up' } as Tree);
    expect(toTree(draft)).toEqual({ event: 'signed_up', where: [], times: 'at_least', count: 1, in_last: null, since: null, until: null });
  });

  it('is no rule while one condition is not filled in', () => {
    expect(toTree(newGroup('all', [newCondition('tag'), newCondition('score')]))).toBeNull();
  });

  it('has its conditions in reading order', () => {
    const draft = toDraft({ all: [{ any: [OLD, READER] }, VIP] });
    expect(leavesOf(draft).map(({ condition }) => condition)).toEqual([OLD, READER, VIP]);
  });

  it('loses a group with its last condition, and never its last group', () => {
    const draft = toDraft({ all: [VIP, { any: [OLD, READER] }] });
    const [, second, third] = leavesOf(draft);
    const without = [second, third].reduce((rest, one) => changePart(rest, one?.key ?? 0, () => null), draft);
    expect(toTree(without)).toEqual(VIP);
    const emptied = changePart(without, leavesOf(without)[0]?.key ?? 0, () => null);
    expect(leavesOf(emptied)).toHaveLength(1);
  });
});

describe('a condition', () => {
  it('is complete as proposed unless a person has to say what', () => {
    const complete = KINDS.filter((kind) => isComplete(blank(kind)));
    expect(complete).toEqual(['fact', 'event', 'score', 'date', 'consent', 'address']);
  });

  it('needs a number where one is compared, and none where a fact is only known', () => {
    expect(isComplete({ fact: 'employees', op: 'at_least', value: '' })).toBe(false);
    expect(isComplete({ fact: 'employees', op: 'at_least', value: 5 })).toBe(true);
    expect(isComplete({ fact: 'employees', op: 'known', value: null })).toBe(true);
    expect(isComplete({ fact: 'country', op: 'in', value: [] })).toBe(false);
  });

  it('may not begin after it ends', () => {
    const span = { ...READER, in_last: null } as Extract<Tree, { event: unknown }>;
    expect(isComplete({ ...span, since: '2026-02-01T00:00:00Z', until: '2026-01-01T00:00:00Z' })).toBe(false);
    expect(isComplete({ ...span, since: '2026-01-01T00:00:00Z', until: '2026-02-01T00:00:00Z' })).toBe(true);
  });

  it('asks never as exactly no times', () => {
    expect(isComplete({ ...READER, times: 'exactly', count: 0 } as Extract<Tree, { event: unknown }>)).toBe(true);
    expect(isComplete({ ...READER, times: 'at_least', count: 0 } as Extract<Tree, { event: unknown }>)).toBe(false);
  });
});
