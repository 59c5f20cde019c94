import { beforeAll, describe, expect, it } from 'vitest';
import { loadWords } from '../i18n/i18n';
import { money, nameOf, percent, range, share } from './figures';

beforeAll(() => loadWords('en'));

describe('figures', () => {
  it('tell no share where there is nobody', () => {
    expect(percent(share(0, 0))).toBe('–');
    expect(percent(share(0, 3))).toBe('0%');
  });

  it('tell small shares with a decimal', () => {
    expect([percent(0.014), percent(0.5), percent(1)]).toEqual(['1.4%', '50%', '100%']);
  });

  it('do not round what a message costs to nothing', () => {
    expect([money(0.0012, 'EUR'), money(12.5, 'EUR'), money(0, 'EUR'), money(null, 'EUR')]).toEqual(['€0.0012', '€12.50', '€0.00', '–']);
  });

  it('are told by names that people know', () => {
    expect([nameOf('channel', 'web', ''), nameOf('journey', 'win_back', ''), nameOf('journey', null, 'None')]).toEqual(['Web chat', 'Win back', 'None']);
  });

  it('say where a bar begins and ends', () => {
    const words = { under: (score: string) => `under ${score}`, from: (score: string) => `${score} and more` };
    expect([range(null, 0, words), range(20, 30, words), range(100, null, words)]).toEqual(['under 0', '20–29', '100 and more']);
  });
});
