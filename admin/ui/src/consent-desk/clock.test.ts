import { describe, expect, it } from 'vitest';
import { pressing } from './clock';

describe('the clock of a request', () => {
  it('stands out when it is late, or soon will be', () => {
    expect([-1, 0, 7, 8, null].map(pressing)).toEqual(['bad', 'warm', 'warm', 'cold', 'plain']);
  });
});
