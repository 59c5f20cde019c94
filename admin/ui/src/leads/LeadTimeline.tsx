/** Everything that happened with a lead, newest first. */
import { Button, Text } from '@mantine/core';
import { useState } from 'react';
import type { TimelineEvent } from '../api/types';
import { useWords } from '../i18n/useWords';
import { Moment } from '../look/Moment';
import { Panel } from '../look/Panel';
import { eventKindName } from '../look/words';
import styles from './LeadPage.module.css';

const SHOWN = 6; // events before the reader asks for all

export function LeadTimeline({ events }: { events: readonly TimelineEvent[] }) {
  const t = useWords('leads');
  useWords('event_kinds');
  const [isWhole, setWhole] = useState(false);
  // Turned round before the (stable) sort, so that events of one instant are newest first too.
  const newestFirst = [...events].reverse().sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const shown = isWhole ? newestFirst : newestFirst.slice(0, SHOWN);
  return (
    <Panel title={t('timeline')}>
      {events.length === 0 && <p className={styles.none}>{t('nothing_yet')}</p>}
      <ol className={styles.timeline}>
        {shown.map((event) => (
          <li key={event.id}>
            <Text size="sm" lh="20px" className="untrusted">{event.summary || eventKindName(event.kind)}</Text>
            <Text size="xs" c="dimmed">
              {eventKindName(event.kind)} · <Moment at={event.at} as="day" />
            </Text>
          </li>
        ))}
      </ol>
      {newestFirst.length > shown.length && (
        <Button variant="subtle" color="var(--accent)" size="compact-sm" mt="md" onClick={() => setWhole(true)}>
          {t('show_all_events', { number: newestFirst.length })}
        </Button>
      )}
    </Panel>
  );
}
