/** The calendars people are met in, and the meetings to come. */
import { Button } from '@mantine/core';
import { IconCalendarEvent, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { Failure, Nothing } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Panel, Sheet } from '../look/Panel';
import { useMay } from '../session/useMay';
import { BackToSettings } from '../settings/BackToSettings';
import { CalendarForm } from './CalendarForm';
import { CalendarPanel } from './CalendarPanel';
import styles from './Calendars.module.css';
import { MeetingsPanel } from './MeetingsPanel';
import { useCalendars } from './useCalendars';

export function CalendarsPage() {
  const t = useWords('calendars');
  const may = useMay()('meetings.write');
  const calendars = useCalendars();
  const [isAdding, setAdding] = useState(false);
  return (
    <>
      <BackToSettings />
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      <div className={styles.panels}>
        {calendars.isPending && <Sheet><ListLoading what={t('title')} /></Sheet>}
        {calendars.isError && !calendars.data && <Sheet><Failure error={calendars.error} onRetry={() => void calendars.refetch()} isRetrying={calendars.isFetching} /></Sheet>}
        {calendars.data && (
          <>
            {calendars.data.length > 0 && <MeetingsPanel />}
            {calendars.data.length === 0 && !isAdding && <Sheet><Nothing icon={IconCalendarEvent} title={t('none')}><p className={styles.soft}>{t('none_why')}</p></Nothing></Sheet>}
            {calendars.data.map((one) => <CalendarPanel key={one.id} calendar={one} />)}
            {isAdding && <Panel title={t('add')}><CalendarForm calendar={null} onDone={() => setAdding(false)} /></Panel>}
            {may && !isAdding && <div><Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)} data-testid="add-calendar">{t('add')}</Button></div>}
          </>
        )}
      </div>
    </>
  );
}
