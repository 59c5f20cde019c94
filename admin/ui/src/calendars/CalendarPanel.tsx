/** One calendar: its hours, what stands behind it, and the times that it offers now. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useWords } from '../i18n/useWords';
import { figure } from '../i18n/said';
import { ConfirmButton } from '../look/ConfirmButton';
import { Refused } from '../look/Notices';
import { Panel } from '../look/Panel';
import { useMay } from '../session/useMay';
import { CalDAV } from './CalDAV';
import { CalendarForm } from './CalendarForm';
import styles from './Calendars.module.css';
import { WEEKDAYS } from './hours';
import { useOffered, useRemoveCalendar, type Calendar } from './useCalendars';

export function CalendarPanel({ calendar }: { calendar: Calendar }) {
  const t = useWords('calendars');
  const may = useMay()('meetings.write');
  const [isEditing, setEditing] = useState(false);
  return (
    <Panel title={calendar.title} aside={<code className={styles.soft}>{calendar.name}</code>}>
      <div data-testid={`calendar-${calendar.name}`}>
        {isEditing ? <CalendarForm key={calendar.version} calendar={calendar} onDone={() => setEditing(false)} /> : <Facts calendar={calendar} />}
        {may && !isEditing && (
          <div className={styles.bar}>
            <Button variant="default" size="compact-md" onClick={() => setEditing(true)} aria-label={t('change_what', { what: calendar.title })} data-testid="change-calendar">{t('change')}</Button>
            <Remove calendar={calendar} />
          </div>
        )}
        <div className={styles.part}><CalDAV calendar={calendar} mayChange={may} /></div>
        <div className={styles.part}><Offered calendar={calendar} /></div>
      </div>
    </Panel>
  );
}

function Remove({ calendar }: { calendar: Calendar }) {
  const t = useWords('calendars');
  const remove = useRemoveCalendar(calendar);
  return (
    <ConfirmButton
      size="compact-md" label={t('remove')} title={t('remove_title', { what: calendar.title })} confirm={t('remove')} cancel={t('back')}
      isBusy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate(undefined)} testId="remove-calendar"
    >
      <p>{t('remove_means')}</p>
    </ConfirmButton>
  );
}

function Facts({ calendar }: { calendar: Calendar }) {
  const t = useWords('calendars');
  const minutes = (count: number) => t('in_minutes', { count });
  return (
    <dl className={styles.facts}>
      {WEEKDAYS.filter((day) => calendar.hours[day]?.length).map((day) => <Fact key={day} name={t(`day_${day}`)}>{calendar.hours[day]?.join(', ')}</Fact>)}
      <Fact name={t('zone')}>{calendar.zone.replaceAll('_', ' ')}</Fact>
      <Fact name={t('minutes')}>{minutes(calendar.minutes)}</Fact>
      {calendar.pause_minutes > 0 && <Fact name={t('pause_minutes')}>{minutes(calendar.pause_minutes)}</Fact>}
      <Fact name={t('notice_minutes')}>{minutes(calendar.notice_minutes)}</Fact>
      <Fact name={t('days_ahead')}>{figure(calendar.days_ahead)}</Fact>
      {calendar.place && <Fact name={t('place')}>{calendar.place}</Fact>}
      {calendar.has_feed && <Fact name={t('feed')}>{t('kept')}</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Offered({ calendar }: { calendar: Calendar }) {
  const t = useWords('calendars');
  const offered = useOffered({ calendar: calendar.id });
  return (
    <section aria-label={t('offered')}>
      <h3>{t('offered')}</h3>
      <p className={styles.soft}>{t('offered_why', { zone: calendar.zone.replaceAll('_', ' ') })}</p>
      <Refused error={offered.error} mt="sm" />
      {offered.data && !offered.data.readable && <p className={styles.wrong} role="status">{t('not_readable')}</p>}
      {offered.data?.readable && offered.data.times.length === 0 && <p className={styles.soft}>{t('nothing_offered')}</p>}
      <ul className={styles.times} data-testid="offered">{offered.data?.times.map(({ starts_at: at, label }) => <li key={at}>{label}</li>)}</ul>
    </section>
  );
}
