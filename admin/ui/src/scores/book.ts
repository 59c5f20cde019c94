/** The rules of scores as they are edited: what a rule asks in words, changes, and what would be refused. Pure. */
import { plainWords, valueInWords } from '../look/words';
import type { Book, Rule } from './types';

type Condition = NonNullable<Rule['when']>;

/** The words that conditions are told with: the page gives them in its language. */
export interface ConditionWords {
  and: string;
  or: string;
  not: string;
  op: (op: string) => string;
}

export function conditionInWords(condition: Condition, words: ConditionWords): string {
  if ('all' in condition) return condition.all.map((part) => inBrackets(part, words)).join(` ${words.and} `);
  if ('any' in condition) return condition.any.map((part) => inBrackets(part, words)).join(` ${words.or} `);
  if ('not' in condition) return `${words.not} ${inBrackets(condition.not, words)}`;
  const value = condition.op === 'known' || condition.op === 'unknown' ? '' : ` ${valueInWords(condition.value)}`;
  return `${plainWords(condition.fact)} ${words.op(condition.op)}${value}`;
}

function inBrackets(condition: Condition, words: ConditionWords): string {
  const told = conditionInWords(condition, words);
  return 'fact' in condition ? told : `(${told})`;
}

/** An id for a new rule that no other has: of the letters of its reason. */
export function newRuleId(reason: string, rules: readonly Rule[]): string {
  const plain = reason.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^[_0-9]+|_+$/g, '').slice(0, 50) || 'rule';
  const taken = new Set(rules.map(({ id }) => id));
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? plain : `${plain}_${number}`;
    if (!taken.has(id)) return id;
  }
}

export function withRule(book: Book, id: string, change: (rule: Rule) => Rule | null): Book {
  return { ...book, rules: book.rules.flatMap((rule) => (rule.id === id ? (change(rule) ?? []) : rule)) };
}

/** Whether the book could be saved as it stands. */
export function isWhole(book: Book): boolean {
  const { hot, warm } = book.bands;
  const thresholds = book.stages.every(({ at_least: least }) => Number.isInteger(least) && least > 0);
  const rules = book.rules.every(({ points, reason }) => Number.isInteger(points) && Math.abs(points) <= 100 && reason.trim() !== '');
  return Number.isInteger(hot) && Number.isInteger(warm) && hot > warm && thresholds && rules;
}
