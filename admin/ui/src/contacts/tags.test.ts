import { describe, expect, it } from 'vitest';
import { changeOf, tagOf } from './tags';

describe('a tag', () => {
  it('is written as the API takes it', () => {
    expect(['Fair 2026', 'VIP!', '2nd', '电话'].map(tagOf)).toEqual(['fair_2026', 'vip', 'nd', '']);
  });
});

describe('a change of tags', () => {
  it('gives what is new and takes what is gone, each once', () => {
    expect(changeOf(['vip', 'fair'], ['vip', 'New One', 'new_one', '!'])).toEqual({ add: ['new_one'], remove: ['fair'] });
  });
});
