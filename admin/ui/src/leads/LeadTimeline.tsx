/** Everything that happened with a lead, newest first. */
import { Button, Text, Timeline } from '@mantine/core';
import { useState } from 'react';
import type { TimelineEvent } from '../api/types';
import { Moment } from '../look/Moment';
import { Panel } from '../look/Panel';
import { plainWords } from '../look/words';
import styles from './LeadPage.module.css';

const SHOWN = 6; // events before the reader asks for all

export function LeadTimeline({ events }: { events: readonly TimelineEvent[] }) {
  const [isWhole, setWhole] = useState(false);
  const newestFirst = [...events].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const shown = isWhole ? newestFirst : newestFirst.slice(0, SHOWN);
  return (
    <Panel title="Timeline">
      {events.length === 0 && <p className={styles.none}>Nothing yet.</p>}
      <Timeline bulletSize={12} lineWidth={1} mt={6} component="ol" p={0} styles={{ root: { listStyle: 'none' } }}>
        {shown.map((event) => (
          <Timeline.Item key={event.id} component="li">
            <Text size="sm" lh="20px" className="untrusted">{event.summary || plainWords(event.kind)}</Text>
            <Text size="xs" c="dimmed">
              {plainWords(event.kind)} · <Moment at={event.at} as="day" />
            </Text>
          </Timeline.Item>
        ))}
      </Timeline>
      {newestFirst.length > shown.length && (
        <Button variant="subtle" size="compact-sm" mt="md" onClick={() => setWhole(true)}>
          Show all {newestFirst.length}
        </Button>
      )}
    </Panel>
  );
}
