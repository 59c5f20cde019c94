import { describe, expect, it } from 'vitest';
import { wasJustNow } from './justNow';

describe('a second reload', () => {
  it('is too soon within a minute of the first', () => {
    expect([null, '0', '40001', '100000', '100001', 'x'].map((at) => wasJustNow(at, 100_000))).toEqual([false, false, true, true, false, false]);
  });
});
