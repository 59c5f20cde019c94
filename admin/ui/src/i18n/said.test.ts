import i18next from 'i18next';
import { describe, expect, it } from 'vitest';
import { loadWords } from './i18n';
import { figure } from './said';

describe('a number', () => {
  it('is written as the language shown writes it', async () => {
    await loadWords('de');
    expect(figure(1_234_567)).toBe('1.234.567');
    expect(figure(93.125, 1)).toBe('93,1');
    await loadWords('en');
    expect(figure(1_234_567)).toBe('1,234,567');
    expect(figure(93, 1)).toBe('93.0');
  });

  it('is written so in a sentence, too', async () => {
    await loadWords('de');
    await i18next.loadNamespaces('leads');
    expect(i18next.t('points', { ns: 'leads', count: 12_345, number: 12_345 })).toBe('12.345 Punkte');
  });
});
