import { describe, expect, it } from 'vitest';
import { changedFields } from './fields';

describe('what changed in fields', () => {
  it('is only what has another value, and null where it was emptied', () => {
    const before = { company: 'Navy', country: 'US', employees: 5, vip: false };
    expect(changedFields(before, { ...before, company: ' Navy ', country: '', employees: 6, vip: null, city: '' })).toEqual({
      country: null, employees: 6, vip: null,
    });
  });
});
