/** The meetings to come: with whom, when, whether they stand in the colleague's calendar; moved and cancelled here. */
import { Anchor, Button, Modal } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconClock } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { useWords } from '../i18n/useWords';
import { ConfirmButton } from '../look/ConfirmButton';
import { ListLoading } from '../look/Loading';
import { LoadMore } from '../look/LoadMore';
import { Moment } from '../look/Moment';
import { Failure, Refused } from '../look/Notices';
import { Panel } from '../look/Panel';
import { Tag } from '../look/Tag';
import { useMay } from '../session/useMay';
import styles from './Calendars.module.css';
import { useCancel, useMeetings, useMove, useOffered, type Meeting } from './useCalendars';

export function MeetingsPanel() {
  const t = useWords('calendars');
  const meetings = useMeetings();
  const rows = meetings.data ?? [];
  return (
    <Panel title={t('meetings')}>
      {meetings.isPending && <ListLoading what={t('meetings')} />}
      {meetings.isError && !meetings.data && <Failure error={meetings.error} onRetry={() => void meetings.refetch()} isRetrying={meetings.isFetching} />}
      {meetings.data && rows.length === 0 && <p className={styles.soft}>{t('no_meetings')}</p>}
      <ul className={styles.list} aria-label={t('meetings')}>{rows.map((one) => <Item key={one.id} meeting={one} />)}</ul>
      <LoadMore list={meetings} />
    </Panel>
  );
}

function Item({ meeting }: { meeting: Meeting }) {
  const t = useWords('calendars');
  const may = useMay()('meetings.write');
  const cancel = useCancel(meeting.id);
  const name = meeting.contact_name ?? t('nameless');
  return (
    <li className={styles.meeting} data-testid="meeting">
      <div className={styles.line}>
        <span className={styles.when}>
          <strong><Moment at={meeting.starts_at} as="day" /></strong>{' '}
          {meeting.contact_id ? <Anchor component={Link} to={`/leads/${meeting.contact_id}`} c="var(--accent)" underline="always" inherit>{name}</Anchor> : name}
          <span className={styles.soft}> · {meeting.title}</span>
        </span>
        {meeting.entry === 'written' && <Tag tone="good" icon={IconCheck}>{t('entry_written')}</Tag>}
        {meeting.entry === 'to_write' && <Tag icon={IconClock}>{t('entry_to_write')}</Tag>}
        {meeting.entry === 'failed' && <Tag tone="bad" icon={IconAlertTriangle} title={meeting.problem ?? ''}>{t('entry_failed')}</Tag>}
        {meeting.clashes && <Tag tone="warm" icon={IconAlertTriangle}>{t('clashes')}</Tag>}
        {may && (
          <>
            <Move meeting={meeting} name={name} />
            <ConfirmButton size="compact-md" label={t('cancel_meeting')} title={t('cancel_title', { name })} confirm={t('cancel_meeting')} cancel={t('back')} isBusy={cancel.isPending} error={cancel.error} onConfirm={() => cancel.mutate()} testId="cancel-meeting">
              {t('cancel_means')}
            </ConfirmButton>
          </>
        )}
      </div>
    </li>
  );
}

function Move({ meeting, name }: { meeting: Meeting; name: string }) {
  const t = useWords('calendars');
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" size="compact-md" onClick={() => setOpen(true)} aria-label={t('move_what', { name })} data-testid="move-meeting">{t('move')}</Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title={t('move_title', { name })} centered closeButtonProps={{ 'aria-label': t('back') }}>
        <Times meeting={meeting} onDone={() => setOpen(false)} />
      </Modal>
    </>
  );
}

function Times({ meeting, onDone }: { meeting: Meeting; onDone: () => void }) {
  const t = useWords('calendars');
  const offered = useOffered({ meeting: meeting.id });
  const move = useMove(meeting.id);
  const times = offered.data?.times.filter(({ starts_at: at }) => Date.parse(at) !== Date.parse(meeting.starts_at)) ?? [];
  return (
    <>
      <p className={styles.soft}>{t('move_means', { zone: meeting.zone.replaceAll('_', ' ') })}</p>
      {offered.isPending && <ListLoading what={t('offered')} />}
      <Refused error={offered.error ?? move.error} mt="sm" />
      {offered.data && times.length === 0 && <p className={styles.soft}>{t('nothing_offered')}</p>}
      <div className={styles.bar}>
        {times.map(({ starts_at: at, label }) => (
          <Button key={at} size="compact-sm" variant="default" disabled={move.isPending} onClick={() => move.mutate(at, { onSuccess: onDone })} data-testid="new-time">{label}</Button>
        ))}
      </div>
    </>
  );
}
