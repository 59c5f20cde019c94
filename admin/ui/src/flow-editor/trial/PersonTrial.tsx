/** One made-up person goes through the journey; where they stand is lit on the canvas. */
import { Button, NumberInput, Stack, Text } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useState } from 'react';
import { asAPIError } from '../../api/problem';
import { useWords } from '../../i18n/useWords';
import { useEditor } from '../EditorContext';
import type { Standing } from '../Simulator';
import { useTrial } from '../useTrials';
import { firstPerson, wishOf } from './person';
import { PersonFields } from './PersonFields';
import { Trail } from './Trail';

interface Props {
  journey: string;
  beforeStart: () => Promise<void>;
  onStanding: (standing: Standing) => void;
}

const USUAL_DAYS = 60;
const MOST_DAYS = 730;

export function PersonTrial({ journey, beforeStart, onStanding }: Props) {
  const { document, language } = useEditor();
  const t = useWords('trials');
  const [person, setPerson] = useState(() => firstPerson(document, language));
  const [days, setDays] = useState(USUAL_DAYS);
  const trial = useTrial(beforeStart);
  const start = () => {
    onStanding({ step: null, walked: [] });
    trial.mutate({ journey, state: 'draft', days, begins_at: null, person: wishOf(person, document), people: null });
  };
  return (
    <Stack gap="sm">
      <PersonFields person={person} onChange={setPerson} />
      <NumberInput size="xs" label={t('for_days')} value={days} min={1} max={MOST_DAYS} allowDecimal={false} onChange={(next) => setDays(Number(next) || USUAL_DAYS)} />
      <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} loading={trial.isPending} onClick={start} data-testid="trial-start">{t('let_go')}</Button>
      {trial.error && <Text size="sm" c="var(--bad)" role="alert">{asAPIError(trial.error).message}</Text>}
      {trial.data?.person && <Trail key={trial.submittedAt} trial={trial.data} person={trial.data.person} zone={person.zone} onStanding={onStanding} />}
    </Stack>
  );
}
