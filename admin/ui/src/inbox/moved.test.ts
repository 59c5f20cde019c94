import { describe, expect, it } from 'vitest';
import { moved } from './moved';

describe('an item of a list', () => {
  it('changes places with its neighbour', () => {
    expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c']);
    expect(moved(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b']);
  });

  it('leaves the others in their order', () => {
    expect(moved(['a', 'b', 'c', 'd'], 3, -3)).toEqual(['d', 'a', 'b', 'c']);
  });
});
