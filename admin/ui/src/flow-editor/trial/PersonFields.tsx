/** Who the made-up person is, and what they do and when; silence is doing nothing. */
import { ActionIcon, Button, Checkbox, Collapse, Group, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import { IconChevronDown, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useWords } from '../../i18n/useWords';
import { Choose } from '../../look/Choose';
import { eventKindName, languageName, plainWords } from '../../look/words';
import { useEditor } from '../EditorContext';
import { Section } from '../panel/Section';
import { useEditorWords } from '../words';
import { DEED_UNITS, DEEDS, talksOf, waysIn, type Deed, type DeedKind, type DeedUnit, type Fact, type Person } from './person';
import styles from './trial.module.css';

interface Props {
  person: Person;
  onChange: (person: Person) => void;
}

const ALL = ['email', 'sms', 'telegram', 'voice', 'web'] as const;
const NEXT_DEED: Deed = { kind: 'replies', event: '', after: 1, unit: 'day' };

export function PersonFields({ person, onChange }: Props) {
  const { document, languages, names } = useEditor();
  const { value: valueWords } = useEditorWords();
  const t = useWords('trials');
  useWords('event_kinds'); // for the names of events
  const [isOpen, setIsOpen] = useState(false);
  const set = (change: Partial<Person>) => onChange({ ...person, ...change });
  const toggle = (field: 'channels' | 'agreed', channel: string) =>
    set({ [field]: person[field].includes(channel) ? person[field].filter((one) => one !== channel) : [...person[field], channel] });
  const talks = talksOf(document);
  return (
    <Stack gap="sm">
      <Choose
        size="xs" label={t('comes_in')} value={person.entry ?? ''} onChange={(entry) => set({ entry: entry || null })} data-testid="trial-entry"
        choices={[...waysIn(document).map((step) => ({ value: step, label: step })), { value: '', label: t('comes_by_deed') }]}
      />
      <fieldset className={styles.channels}>
        <legend>{t('reached_on')}</legend>
        {ALL.map((channel) => (
          <div key={channel} className={styles.channel}>
            <Checkbox size="xs" label={valueWords(channel)} checked={person.channels.includes(channel)} onChange={() => toggle('channels', channel)} />
            <Checkbox
              size="xs" label={t('agreed')} aria-label={t('agreed_on', { channel: valueWords(channel) })} checked={person.agreed.includes(channel)}
              disabled={!person.channels.includes(channel)} onChange={() => toggle('agreed', channel)} data-testid={`trial-agreed-${channel}`}
            />
          </div>
        ))}
      </fieldset>
      <Deeds deeds={person.deeds} events={names.events} onChange={(deeds) => set({ deeds })} />
      {talks.map((step) => (
        <Choose
          key={step} size="xs" label={t('talk_ends', { step })} value={person.answers[step] ?? ''} onChange={(outcome) => set({ answers: { ...person.answers, [step]: outcome } })}
          choices={[{ value: '', label: t('does_not_answer') }, ...names.outcomes.map(({ name, title }) => ({ value: name, label: title || plainWords(name) }))]}
        />
      ))}
      <Button
        size="compact-xs" variant="subtle" color="gray" c="var(--ink-soft)" className={styles.more ?? ''} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}
        rightSection={<IconChevronDown size={13} aria-hidden className={isOpen ? styles.open : ''} />}
      >
        {t('more_about_them')}
      </Button>
      <Collapse expanded={isOpen}>
        {isOpen && (
          <Stack gap="xs">
            <Choose size="xs" label={t('their_language')} value={person.language} choices={languages.map((one) => ({ value: one, label: languageName(one) }))} onChange={(language) => set({ language })} />
            <Group gap={8} grow>
              <TextInput size="xs" label={t('their_zone')} value={person.zone} onChange={(event) => set({ zone: event.currentTarget.value })} />
              <TextInput size="xs" label={t('their_country')} value={person.country} maxLength={2} onChange={(event) => set({ country: event.currentTarget.value.toUpperCase() })} />
            </Group>
            <Facts facts={person.facts} onChange={(facts) => set({ facts })} />
          </Stack>
        )}
      </Collapse>
    </Stack>
  );
}

function Deeds({ deeds, events, onChange }: { deeds: readonly Deed[]; events: readonly string[]; onChange: (deeds: readonly Deed[]) => void }) {
  const { value: valueWords } = useEditorWords();
  const t = useWords('trials');
  const change = (index: number, to: Partial<Deed>) => onChange(deeds.map((deed, place) => (place === index ? { ...deed, ...to } : deed)));
  return (
    <Section
      title={t('what_they_do')}
      aside={<Button size="compact-xs" variant="subtle" leftSection={<IconPlus size={13} aria-hidden />} onClick={() => onChange([...deeds, NEXT_DEED])} data-testid="trial-add-deed">{t('add_deed')}</Button>}
    >
      {deeds.length === 0 && <Text size="xs" c="dimmed">{t('silence')}</Text>}
      <Stack gap="xs">
        {deeds.map((deed, index) => (
          <div key={index} className={styles.deed} role="group" aria-label={t('deed', { number: index + 1 })}>
            <Choose<DeedKind> size="xs" aria-label={t('what_they_do')} value={deed.kind} choices={DEEDS.map((kind) => ({ value: kind, label: t(`deed_${kind}`) }))} onChange={(kind) => change(index, { kind })} />
            {deed.kind === 'event' && (
              <Choose
                size="xs" aria-label={t('which_event')} value={deed.event} onChange={(event) => change(index, { event })}
                choices={[{ value: '', label: t('choose_event') }, ...events.map((one) => ({ value: one, label: eventKindName(one) }))]}
              />
            )}
            <Group gap={6} wrap="nowrap">
              <Text size="xs">{t('after')}</Text>
              <NumberInput size="xs" w={64} aria-label={t('after')} value={deed.after} min={0} max={999} onChange={(after) => change(index, { after: Number(after) || 0 })} />
              <Choose<DeedUnit> size="xs" aria-label={t('unit')} value={deed.unit} choices={(Object.keys(DEED_UNITS) as DeedUnit[]).map((unit) => ({ value: unit, label: valueWords(unit) }))} onChange={(unit) => change(index, { unit })} />
              <ActionIcon variant="subtle" color="gray" aria-label={t('remove_deed', { number: index + 1 })} onClick={() => onChange(deeds.filter((_, place) => place !== index))}><IconTrash size={15} aria-hidden /></ActionIcon>
            </Group>
          </div>
        ))}
      </Stack>
    </Section>
  );
}

function Facts({ facts, onChange }: { facts: readonly Fact[]; onChange: (facts: readonly Fact[]) => void }) {
  const t = useWords('trials');
  const change = (index: number, to: Partial<Fact>) => onChange(facts.map((fact, place) => (place === index ? { ...fact, ...to } : fact)));
  return (
    <fieldset className={styles.facts}>
      <legend>{t('what_is_known')}</legend>
      {facts.map((fact, index) => (
        <Group key={index} gap={6} wrap="nowrap">
          <TextInput size="xs" aria-label={t('fact_name', { number: index + 1 })} value={fact.name} onChange={(event) => change(index, { name: event.currentTarget.value })} />
          <TextInput size="xs" aria-label={t('fact_value', { number: index + 1 })} placeholder={t('not_known')} value={fact.value} onChange={(event) => change(index, { value: event.currentTarget.value })} />
        </Group>
      ))}
      <Button size="compact-xs" variant="subtle" leftSection={<IconPlus size={13} aria-hidden />} onClick={() => onChange([...facts, { name: '', value: '' }])}>{t('add_fact')}</Button>
    </fieldset>
  );
}
