import { describe, expect, it } from 'vitest';
import { conditionInWords, isWhole, newRuleId, withRule } from './book';
import type { Book, Rule } from './types';

const WORDS = { and: 'and', or: 'or', not: 'not', op: (op: string) => op };
const RULE: Rule = {
  id: 'phone_left', score: 'fit', group: null, when: { fact: 'phone_known', op: 'is', value: true }, did: null, points: 5, half_life: null,
  reason: 'Left a phone number',
};
const BOOK: Book = { version: '1', bands: { hot: 60, warm: 30 }, scores: { fit: { title: 'Fit', caps: {} } }, talks: null, stages: [], rules: [RULE] };

describe('a rule', () => {
  it('is told with brackets only where they are needed', () => {
    const condition = { all: [{ fact: 'company', op: 'known' as const, value: null }, { not: { fact: 'country', op: 'is' as const, value: 'DE' } }] };
    expect(conditionInWords(condition, WORDS)).toBe('Company known and (not Country is DE)');
  });

  it('gets an id that is free', () => {
    expect(newRuleId('Left a phone number', [])).toBe('left_a_phone_number');
    expect(newRuleId('Phone left!', [RULE])).toBe('phone_left_2');
    expect(newRuleId('电话', [])).toBe('rule');
  });

  it('can be changed and taken out', () => {
    expect(withRule(BOOK, 'phone_left', (rule) => ({ ...rule, points: 9 })).rules[0]?.points).toBe(9);
    expect(withRule(BOOK, 'phone_left', () => null).rules).toEqual([]);
  });
});

describe('rules to be saved', () => {
  it('have bands in their order, and points and a reason everywhere', () => {
    expect(isWhole(BOOK)).toBe(true);
    expect(isWhole({ ...BOOK, bands: { hot: 30, warm: 30 } })).toBe(false);
    expect(isWhole({ ...BOOK, rules: [{ ...RULE, points: NaN }] })).toBe(false);
    expect(isWhole({ ...BOOK, rules: [{ ...RULE, reason: ' ' }] })).toBe(false);
  });
});
