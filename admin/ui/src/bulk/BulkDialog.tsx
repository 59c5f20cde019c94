/** Asks what exactly is to be done, says to how many, and starts it. */
import { Button, Group, Modal, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useColleagues } from '../contacts/useContact';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { Refused } from '../look/Notices';
import { STAGES, plainWords, stageName } from '../look/words';
import type { Change, Selection } from './types';
import { useCountBulk, useJourneyChoices, useStartBulk } from './useBulk';

export type Asked = 'tag' | 'stage' | 'owner' | 'enrol' | 'export' | 'erase';

const TAG = /^[a-z][a-z0-9_]{0,59}$/;
const NOBODY = '-';

interface Props {
  asked: Asked;
  selection: Selection;
  /** How many are meant; null: everybody whom the filter lets through. */
  number: number | null;
  onDone: () => void;
  onClose: () => void;
}

export function BulkDialog({ asked, selection, number, onDone, onClose }: Props) {
  const t = useWords('bulk');
  const start = useStartBulk();
  const [change, setChange] = useState<Change | null>(asked === 'export' ? { operation: 'export' } : null);
  const run = () => change && start.mutate({ selection, ...change }, { onSuccess: () => { onClose(); onDone(); } });
  return (
    <Modal opened onClose={onClose} title={t(asked)} centered closeButtonProps={{ 'aria-label': t('back') }}>
      <form onSubmit={(event) => { event.preventDefault(); run(); }}>
        <Stack gap="md">
          <Fields asked={asked} selection={selection} isRefused={start.isError} onChange={setChange} />
          <Text size="sm" c="dimmed">{number === null ? t('for_everybody') : t('for_chosen', { count: number, number })} {t(`means_${asked}`)}</Text>
          <Refused error={start.error} />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>{t('back')}</Button>
            <Button type="submit" {...(asked === 'erase' ? { color: 'red.9' } : {})} disabled={change === null} loading={start.isPending} data-testid="bulk-start">{t(asked === 'erase' ? 'erase_now' : 'start')}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Fields({ asked, selection, isRefused, onChange }: { asked: Asked; selection: Selection; isRefused: boolean } & FieldProps) {
  switch (asked) {
    case 'tag': return <TagFields onChange={onChange} />;
    case 'stage': return <StageField onChange={onChange} />;
    case 'owner': return <OwnerField onChange={onChange} />;
    case 'enrol': return <JourneyField onChange={onChange} />;
    case 'export': return null;
    case 'erase': return <EraseField selection={selection} isRefused={isRefused} onChange={onChange} />;
  }
}

type FieldProps = { onChange: (change: Change | null) => void };

function TagFields({ onChange }: FieldProps) {
  const t = useWords('bulk');
  const [way, setWay] = useState<'add_tag' | 'remove_tag'>('add_tag');
  const [tag, setTag] = useState('');
  const set = (operation: 'add_tag' | 'remove_tag', name: string) => {
    setWay(operation);
    setTag(name);
    onChange(TAG.test(name) ? { operation, tag: name } : null);
  };
  return (
    <>
      <SegmentedControl
        aria-label={t('tag')} value={way} data={[{ value: 'add_tag', label: t('add_tag') }, { value: 'remove_tag', label: t('remove_tag') }]}
        onChange={(operation) => set(operation as 'add_tag' | 'remove_tag', tag)}
      />
      <TextInput
        label={t('tag_name')} description={t('tag_hint')} value={tag} maxLength={60} data-autofocus data-testid="bulk-tag-name"
        error={tag && !TAG.test(tag) ? t('tag_wrong') : undefined} onChange={(event) => set(way, event.currentTarget.value.trim())}
      />
    </>
  );
}

function StageField({ onChange }: FieldProps) {
  const t = useWords('bulk');
  const [stage, setStage] = useState('');
  const choices = STAGES.filter((one) => one !== 'visitor').map((value) => ({ value: value as string, label: stageName(value) }));
  return (
    <Choose
      label={t('stage_name')} value={stage} choices={[{ value: '', label: t('choose') }, ...choices]} data-autofocus data-testid="bulk-stage-name"
      onChange={(value) => { setStage(value); onChange(value ? { operation: 'set_stage', stage: value as (typeof STAGES)[number] } : null); }}
    />
  );
}

function OwnerField({ onChange }: FieldProps) {
  const t = useWords('bulk');
  const [owner, setOwner] = useState('');
  const colleagues = (useColleagues().data ?? []).map(({ user_id: value, name }) => ({ value, label: name ?? value }));
  return (
    <Choose
      label={t('owner_name')} value={owner} choices={[{ value: '', label: t('choose') }, { value: NOBODY, label: t('nobody') }, ...colleagues]} data-autofocus data-testid="bulk-owner-name"
      onChange={(value) => { setOwner(value); onChange(value === '' ? null : { operation: 'set_owner', ...(value === NOBODY ? {} : { owner: value }) }); }}
    />
  );
}

function JourneyField({ onChange }: FieldProps) {
  const t = useWords('bulk');
  const [journey, setJourney] = useState('');
  const found = useJourneyChoices();
  const choices = (found.data ?? []).filter(({ state }) => state === 'running').map(({ journey: value, name }) => ({ value, label: name || plainWords(value) }));
  return (
    <Choose
      label={t('journey_name')} value={journey} choices={[{ value: '', label: choices.length > 0 ? t('choose') : t('no_journeys') }, ...choices]} data-autofocus data-testid="bulk-journey-name"
      onChange={(value) => { setJourney(value); onChange(value ? { operation: 'enrol', journey: value } : null); }}
    />
  );
}

/** Whoever erases types how many they are: nobody erases everybody by a slip of the hand. */
function EraseField({ selection, isRefused, onChange }: { selection: Selection; isRefused: boolean } & FieldProps) {
  const t = useWords('bulk');
  const [typed, setTyped] = useState('');
  const { data: number, error, refetch } = useCountBulk(selection);
  // They may be others by now.
  useEffect(() => {
    if (isRefused) void refetch();
  }, [isRefused, refetch]);
  const changeOf = (text: string): Change | null => (number !== undefined && number > 0 && Number(text) === number ? { operation: 'erase', contacts: number } : null);
  const isRight = changeOf(typed) !== null;
  useEffect(() => {
    onChange(isRight ? { operation: 'erase', contacts: number! } : null);
  }, [isRight, number, onChange]);
  // At once: whoever is quick with Enter would meet a button that is still disabled, and nothing would happen.
  const type = (text: string) => { setTyped(text); onChange(changeOf(text)); };
  if (error) return <Refused error={error} />;
  if (number === undefined) return <Text size="sm" role="status">{t('erase_counting')}</Text>;
  return (
    <TextInput
      label={t('erase_number', { count: number, number })} value={typed} inputMode="numeric" autoComplete="off" maxLength={12} data-autofocus data-testid="bulk-erase-number"
      error={typed && !isRight ? t('erase_wrong') : undefined} onChange={(event) => type(event.currentTarget.value.replace(/\D/g, ''))}
    />
  );
}
