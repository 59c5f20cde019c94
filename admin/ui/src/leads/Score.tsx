/** A lead's score, small for lists and as a ring for the lead's own page. */
import { Group, RingProgress, Stack, Text, VisuallyHidden } from '@mantine/core';
import type { LeadRow } from '../api/types';
import { useWords } from '../i18n/useWords';
import { Tag } from '../look/Tag';
import { BANDS } from './bands';

type Scored = Pick<LeadRow, 'score' | 'band'>;

const FULL_RING = 100; // points

export function BandTag({ band }: Pick<LeadRow, 'band'>) {
  const t = useWords('leads');
  if (!band) return <Tag>{t('not_rated')}</Tag>;
  const { name, tone, icon } = BANDS[band];
  return <Tag tone={tone} icon={icon}>{t(name)}</Tag>;
}

export function Score({ score, band }: Scored) {
  return (
    <Group gap={10} wrap="nowrap" data-testid="lead-score">
      <Text component="span" fw={600} className="tabular" miw={28} ta="right">{score}</Text>
      <BandTag band={band} />
    </Group>
  );
}

export function ScoreRing({ score, band }: Scored) {
  const t = useWords('leads');
  const filled = Math.min(FULL_RING, Math.max(0, score));
  const color = band ? BANDS[band].mark : 'var(--line-strong)';
  return (
    <Stack gap={4} align="center" data-testid="lead-score">
      <RingProgress
        size={92} thickness={7} roundCaps rootColor="var(--plain-soft)" aria-hidden
        sections={filled > 0 ? [{ value: filled, color }] : []}
        label={<Text ta="center" fw={650} fz={26} lh={1} className="tabular">{score}</Text>}
      />
      <VisuallyHidden>{t('score_is', { score })}</VisuallyHidden>
      <BandTag band={band} />
    </Stack>
  );
}
