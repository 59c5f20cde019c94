/** All consents of a lead in one small space, for the list. */
import { Group, Text } from '@mantine/core';
import type { LeadRow } from '../api/types';
import { useWords } from '../i18n/useWords';
import { Tag } from '../look/Tag';
import { ConsentTag } from './ConsentTag';
import { summariseConsents } from './consents';

const SHOWN = 3; // tags, so that a row stays low

export function ConsentSummary({ consents }: Pick<LeadRow, 'consents'>) {
  const t = useWords('leads');
  const summaries = summariseConsents(consents);
  if (summaries.length === 0) {
    return <Text size="sm" c="dimmed" component="span">{t(consents.length === 0 ? 'not_asked' : 'no_consent')}</Text>;
  }
  const rest = summaries.slice(SHOWN);
  return (
    <Group gap={6}>
      {summaries.slice(0, SHOWN).map(({ key, state, label, purposes }) => (
        <ConsentTag key={key} state={state} title={purposes}>{label}</ConsentTag>
      ))}
      {rest.length > 0 && <Tag title={rest.map(({ label }) => label).join(', ')}>{t('more_consents', { number: rest.length })}</Tag>}
    </Group>
  );
}
