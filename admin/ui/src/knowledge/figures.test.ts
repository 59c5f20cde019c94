import { describe, expect, it } from 'vitest';
import { beforeAndAfter } from './figures';

describe('a share before and after', () => {
  it('is better, worse or the same as it is shown', () => {
    expect(beforeAndAfter(0.9, 0.91)).toEqual(['90.0 %', '91.0 %', 10]);
    expect(beforeAndAfter(0.9, 0.895)).toEqual(['90.0 %', '89.5 %', -5]);
    expect(beforeAndAfter(0.9, 0.90001)).toEqual(['90.0 %', '90.0 %', 0]);
  });

  it('changes nothing that was not known', () => {
    expect(beforeAndAfter(null, 0.5)).toEqual(['–', '50.0 %', 0]);
  });
});
