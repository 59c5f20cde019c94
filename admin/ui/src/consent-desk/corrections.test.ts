import { describe, expect, it } from 'vitest';
import { corrections } from './corrections';

describe('a correction', () => {
  it('names only what becomes another value, and what is emptied', () => {
    const held = { first_name: 'Ada', country: 'GB', employees: 12, is_partner: false };
    expect(corrections(held, { ...held, first_name: ' Augusta ', country: '' })).toEqual({ first_name: 'Augusta', country: null });
  });

  it('says yes and no in words, as the API takes no other', () => {
    expect(corrections({ is_partner: true }, { is_partner: false, is_public: true })).toEqual({ is_partner: 'no', is_public: 'yes' });
  });
});
