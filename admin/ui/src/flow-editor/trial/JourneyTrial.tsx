/** A journey tried out beside the canvas, in virtual time: one person step by step, or many and what becomes of them. */
import { SegmentedControl, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useWords } from '../../i18n/useWords';
import type { Standing } from '../Simulator';
import { PeopleTrial, type Simulated } from './PeopleTrial';
import { PersonTrial } from './PersonTrial';

interface Props {
  journey: string;
  /** Saves what is written, so that what is tried is what is seen. */
  beforeStart: () => Promise<void>;
  onStanding: (standing: Standing) => void;
  /** Figures for the canvas, of people who went through. */
  onFigures: (figures: Simulated | null) => void;
}

const NOBODY: Standing = { step: null, walked: [] };

export function JourneyTrial({ journey, beforeStart, onStanding, onFigures }: Props) {
  const t = useWords('trials');
  const [who, setWho] = useState('person');
  // Whoever leaves the trial leaves no step lit and no figure behind.
  useEffect(() => () => { onStanding(NOBODY); onFigures(null); }, [onStanding, onFigures, who]);
  return (
    <Stack gap="sm" data-testid="trial">
      <SegmentedControl
        size="xs" fullWidth value={who} onChange={setWho} aria-label={t('who_goes')}
        data={[{ value: 'person', label: t('one_person') }, { value: 'people', label: t('many_people') }]}
      />
      <Text size="sm" c="dimmed">{who === 'person' ? t('person_why') : t('people_why')}</Text>
      {who === 'person'
        ? <PersonTrial journey={journey} beforeStart={beforeStart} onStanding={onStanding} />
        : <PeopleTrial journey={journey} beforeStart={beforeStart} onFigures={onFigures} />}
    </Stack>
  );
}
