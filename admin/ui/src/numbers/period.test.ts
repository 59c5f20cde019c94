import { describe, expect, it } from 'vitest';
import { daysOf, momentsOf, readPeriod, writePeriod } from './period';

const read = (search: string) => readPeriod(Object.fromEntries(new URLSearchParams(search)));

describe('the period', () => {
  it('is the last thirty days unless the address says otherwise', () => {
    expect([read(''), read('days=7'), read('days=8')]).toEqual([{ days: 30 }, { days: 7 }, { days: 30 }]);
  });

  it('stands in the address and is read from it again', () => {
    for (const period of [{ days: 365 }, { from: '2026-03-28', to: '2026-03-29' }]) {
      expect(readPeriod(writePeriod(period))).toEqual(period);
    }
  });

  it('is not of days that there are not, or that end before they begin', () => {
    for (const wrong of ['from=2026-02-31&to=2026-03-02', 'from=2026-03-02&to=2026-03-01', 'from=x&to=2026-03-01', 'from=2026-03-01']) {
      expect(read(wrong)).toEqual({ days: 30 });
    }
  });

  it('counts its last day in, also where the clocks change', () => {
    const { since, until } = momentsOf({ from: '2026-03-28', to: '2026-03-29' }, new Date());
    expect(new Date(since)).toEqual(new Date(2026, 2, 28));
    expect(new Date(until ?? '')).toEqual(new Date(2026, 2, 30));
  });

  it('ends now where it is the last days', () => {
    const now = new Date('2026-11-28T12:00:00Z');
    expect(momentsOf({ days: 7 }, now)).toEqual({ since: '2026-11-21T12:00:00.000Z' });
    expect(daysOf({ days: 7 }, new Date(2026, 10, 28, 12))).toEqual({ from: '2026-11-21', to: '2026-11-28' });
  });
});
