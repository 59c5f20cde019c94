/** The last days, or a first and a last day of one's choice. */
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { LENGTHS, daysOf, readPeriod, type Period } from './period';

const OWN = 'own';

export function ChoosePeriod({ period, onChange }: { period: Period; onChange: (period: Period) => void }) {
  const t = useWords('numbers');
  const own = 'days' in period ? null : period;
  const choices = [...LENGTHS.map((days) => ({ value: String(days), label: t('last_days', { count: days }) })), { value: OWN, label: t('own_days') }];
  const choose = (chosen: string) => onChange(chosen === OWN ? daysOf(period, new Date()) : { days: Number(chosen) });
  return (
    <>
      <Choose label={t('period')} value={own ? OWN : String('days' in period && period.days)} choices={choices} onChange={choose} data-testid="numbers-period" />
      {own && <OwnDays own={own} onChange={onChange} />}
    </>
  );
}

/** What is typed stays as it is until it is a period: a year is typed digit by digit. */
function OwnDays({ own, onChange }: { own: { from: string; to: string }; onChange: (period: Period) => void }) {
  const t = useWords('numbers');
  const [typed, setTyped] = useState(own);
  const type = (changed: Partial<typeof own>) => {
    const next = { ...typed, ...changed };
    setTyped(next);
    if (next.from > '1999' && 'from' in readPeriod(next)) onChange(next);
  };
  return (
    <>
      <TextInput type="date" label={t('from_day')} value={typed.from} max={typed.to} onChange={(event) => type({ from: event.currentTarget.value })} data-testid="numbers-from" />
      <TextInput type="date" label={t('to_day')} value={typed.to} min={typed.from} onChange={(event) => type({ to: event.currentTarget.value })} data-testid="numbers-to" />
    </>
  );
}
