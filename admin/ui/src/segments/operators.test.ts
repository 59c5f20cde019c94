import { describe, expect, it } from 'vitest';
import { carryOver, opsFor, valueTypeOf } from './operators';

describe('another comparison', () => {
  it('keeps the value where it still says something', () => {
    expect(carryOver('in', 'text', 'DE')).toEqual(['DE']);
    expect(carryOver('is', 'text', ['DE', 'FR'])).toBe('DE');
    expect(carryOver('at_most', 'number', 5)).toBe(5);
  });

  it('asks for a value where the old one says nothing', () => {
    expect(carryOver('at_least', 'number', 'many')).toBe('');
    expect(carryOver('is', 'yes_no', 'lead')).toBe(true);
    expect(carryOver('known', 'text', 'DE')).toBeNull();
  });

  it('is offered although its type would not have it, when the rule has it', () => {
    expect(opsFor('yes_no', 'is_not')[0]).toBe('is_not');
    expect(opsFor('number', 'is')).not.toContain('contains');
  });
});

describe('a type of the API', () => {
  it('is one of ours', () => {
    expect(['number', 'whole', 'flag', 'choice', 'date', undefined].map(valueTypeOf)).toEqual([
      'number', 'number', 'yes_no', 'choice', 'text', 'text',
    ]);
  });
});
