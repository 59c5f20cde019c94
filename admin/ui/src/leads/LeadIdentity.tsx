/** Face and name of a lead in a list; the name is the link to the lead's page. */
import { Avatar, Group, Text } from '@mantine/core';
import { Link, useLocation } from 'react-router';
import type { LeadRow } from '../api/types';
import { initials, leadName, leadSubtitle } from './naming';
import styles from './LeadList.module.css';

export function LeadIdentity({ lead }: { lead: LeadRow }) {
  const { search } = useLocation();
  return (
    <Group wrap="nowrap" gap="sm" miw={0}>
      <Face lead={lead} />
      <div className={styles.names}>
        <Link to={`/leads/${lead.id}`} state={{ search }} className={styles.link}>
          <bdi>{leadName(lead)}</bdi>
        </Link>
        <Text size="xs" c="dimmed" truncate component="div"><bdi>{leadSubtitle(lead)}</bdi></Text>
      </div>
    </Group>
  );
}

export function Face({ lead, size = 36 }: { lead: Pick<LeadRow, 'name' | 'email' | 'phone'>; size?: number }) {
  return (
    <Avatar size={size} radius="xl" color="gray" variant="light" aria-hidden className={styles.face ?? ''}>
      {initials(lead)}
    </Avatar>
  );
}
