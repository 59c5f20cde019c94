/** Face and name of a lead in a list; the name is the link to the lead's page. */
import { Group, Text } from '@mantine/core';
import { IconUser } from '@tabler/icons-react';
import { Link, useLocation } from 'react-router';
import type { LeadRow } from '../api/types';
import { initials, leadName, leadSubtitle } from './naming';
import styles from './LeadList.module.css';

export function LeadIdentity({ lead }: { lead: LeadRow }) {
  const { search } = useLocation();
  return (
    <Group wrap="nowrap" gap="sm" miw={0} flex={1}>
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

export function Face({ lead, size = 36 }: { lead: Pick<LeadRow, 'name'>; size?: number }) {
  return (
    <span className={styles.face} style={{ width: size, height: size, fontSize: size * 0.36 }} aria-hidden>
      {initials(lead) || <IconUser size={size / 2} stroke={1.6} />}
    </span>
  );
}
