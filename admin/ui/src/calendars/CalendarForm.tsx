/** When somebody can be met: hours of each weekday, how long, how soon. */
import { Button, NumberInput, PasswordInput, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { APIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { fieldNameFor } from '../imports/files';
import { Choose } from '../look/Choose';
import { Refused } from '../look/Notices';
import styles from './Calendars.module.css';
import { WEEKDAYS, hoursOf, writeSpans, type Weekday } from './hours';
import { useSaveCalendar, type Calendar } from './useCalendars';

const USUAL = '09:00-12:00, 13:00-17:00';
const NUMBERS = ['minutes', 'pause_minutes', 'notice_minutes', 'days_ahead'] as const;

interface Props {
  calendar: Calendar | null;
  onDone: () => void;
}

export function CalendarForm({ calendar, onDone }: Props) {
  const t = useWords('calendars');
  const save = useSaveCalendar(calendar);
  const [title, setTitle] = useState(calendar?.title ?? '');
  const [place, setPlace] = useState(calendar?.place ?? '');
  const [zone, setZone] = useState(calendar?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const [feed, setFeed] = useState<string | null>(null);
  const [numbers, setNumbers] = useState({
    minutes: calendar?.minutes ?? 30, pause_minutes: calendar?.pause_minutes ?? 0, notice_minutes: calendar?.notice_minutes ?? 120, days_ahead: calendar?.days_ahead ?? 14,
  });
  const [hours, setHours] = useState(() => {
    const typed = WEEKDAYS.map((day, number) => [day, calendar ? writeSpans(calendar.hours[day]) : number < 5 ? USUAL : '']);
    return Object.fromEntries(typed) as Record<Weekday, string>;
  });
  const refused = save.error instanceof APIError ? save.error.fields : {};
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const name = calendar?.name ?? fieldNameFor(title);
    save.mutate({ name, title: title.trim(), place: place.trim(), zone, hours: hoursOf(hours), ...numbers, busy_url: feed }, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} className={styles.form} autoComplete="off" data-testid="calendar-form">
      <div className={styles.fields}>
        <TextInput label={t('name')} description={t('name_why')} value={title} maxLength={200} required error={refused.title ?? refused.name} onChange={(event) => setTitle(event.currentTarget.value)} data-testid="calendar-title" />
        <TextInput label={t('place')} description={t('place_why')} value={place} maxLength={500} error={refused.place} onChange={(event) => setPlace(event.currentTarget.value)} />
        <Choose label={t('zone')} description={t('zone_why')} value={zone} choices={zones().map((value) => ({ value, label: value.replaceAll('_', ' ') }))} onChange={setZone} error={refused.zone} />
      </div>
      <fieldset className={styles.group}>
        <legend className={styles.legend}>{t('hours')}</legend>
        <p className={styles.hint}>{t('hours_why')}</p>
        <div className={styles.fields}>
          {WEEKDAYS.map((day) => (
            <TextInput key={day} label={t(`day_${day}`)} placeholder={t('no_hours')} value={hours[day]} maxLength={140} onChange={(event) => setHours({ ...hours, [day]: event.currentTarget.value })} data-testid={`hours-${day}`} />
          ))}
        </div>
        {refused.hours && <p className={styles.wrong} role="alert">{refused.hours}</p>}
      </fieldset>
      <div className={styles.fields}>
        {NUMBERS.map((one) => (
          <NumberInput key={one} label={t(one)} description={t(`${one}_why`)} value={numbers[one]} min={0} max={43_200} allowDecimal={false} required error={refused[one]} onChange={(said) => setNumbers({ ...numbers, [one]: Number(said) })} />
        ))}
        <PasswordInput
          label={t('feed')} description={t('feed_why')} placeholder={calendar?.has_feed && feed === null ? t('kept') : ''} value={feed ?? ''} error={refused.busy_url} autoComplete="off"
          onChange={(event) => setFeed(event.currentTarget.value)}
        />
      </div>
      {Object.keys(refused).length === 0 && <Refused error={save.error} testId="form-error" />}
      <div className={styles.bar}>
        <Button type="submit" loading={save.isPending} disabled={!title.trim()} data-testid="save-calendar">{t('save')}</Button>
        <Button variant="default" onClick={onDone}>{t('cancel')}</Button>
      </div>
    </form>
  );
}

let known: string[] | null = null;

/** Every zone the browser knows. UTC is a zone to us, and not in its list. */
function zones(): string[] {
  known ??= [...new Set([...Intl.supportedValuesOf('timeZone'), 'UTC'])];
  return known;
}
