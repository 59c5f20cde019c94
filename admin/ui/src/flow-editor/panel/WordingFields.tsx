/** What a step says: by part, and for each part one text for all channels or one by channel, with segments counted for SMS. */
import { Button, Collapse, Group, Stack, TagsInput, Text, Textarea } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useState } from 'react';
import { Tag } from '../../look/Tag';
import { useEditor } from '../EditorContext';
import { isRecord, type Path, type Step } from '../model/document';
import { withWording, wordingOf } from '../model/editing';
import { readSegments, toPlainSigns } from '../model/smsSegments';
import { CHANNELS, textFor, textHeard, withTextFor, type SpokenOn } from '../model/texts';
import { useEditorWords } from '../words';
import styles from './panel.module.css';

/** A part of the wording of a step, such as its text or the label of a choice. */
export interface WordingPart {
  path: Path;
  name: string;
  isList?: boolean;
}

/** The parts that a step has words for; `parts` are those its kind knows. */
export function partsOfWording(step: Step, parts: readonly string[], words: { field: (name: string) => string; value: (value: string) => string }): WordingPart[] {
  const choices = valuesToLabel(step);
  const cards = Array.isArray(step.cards) ? step.cards.filter(isRecord).map((card) => String(card.name)) : [];
  return parts.flatMap((part): WordingPart[] => {
    if (part === 'choices') return choices.map((value) => ({ path: ['choices', value], name: words.value(value) }));
    if (part === 'also') return choices.map((value) => ({ path: ['also', value], name: `${words.field('also')}: ${words.value(value)}`, isList: true }));
    if (part === 'cards') return cards.flatMap((card) => ['title', 'text', 'button'].map((name) => ({ path: ['cards', card, name], name: `${card}: ${words.field(name)}` })));
    return [{ path: [part], name: words.field(part) }];
  });
}

function valuesToLabel(step: Step): string[] {
  if (Array.isArray(step.choices)) return step.choices.map(String);
  if (step.step === 'ask_consent') return ['yes', 'no'];
  if (step.step === 'move_channel') return [...(Array.isArray(step.channels) ? step.channels.map(String) : []), 'stay'];
  if (step.step === 'preferences') return [...(Array.isArray(step.items) ? step.items.filter(isRecord).map((item) => String(item.name)) : []), 'done'];
  if (step.step === 'rating') return [String(step.lowest ?? 1), String(step.highest ?? 5)];
  return [];
}

export function WordingFields({ step, parts }: { step: Step; parts: readonly WordingPart[] }) {
  const { document, language } = useEditor();
  const wording = wordingOf(document, language, step.id);
  return (
    <Stack gap="sm">
      {parts.map((part) => <PartFields key={part.path.join('.')} step={step} part={part} value={part.path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), wording)} />)}
    </Stack>
  );
}

function PartFields({ step, part, value }: { step: Step; part: WordingPart; value: unknown }) {
  const { document, edit, language, mayWrite } = useEditor();
  const { t, value: valueWords } = useEditorWords();
  const hasOwn = isRecord(value) && CHANNELS.some((channel) => channel in value);
  const [isOpen, setIsOpen] = useState(hasOwn);
  const about = `words:${language}:${step.id}:${part.path.join('.')}`;
  const set = (next: unknown) => edit(withWording(document, language, step.id, part.path, next), about);
  if (part.isList) {
    return <TagsInput label={part.name} disabled={!mayWrite} value={Array.isArray(value) ? value.map(String) : []} placeholder={t('type_and_enter')} onChange={(next) => set(next.length > 0 ? next : undefined)} />;
  }
  return (
    <div>
      <TextField label={part.name} channel="default" value={value} disabled={!mayWrite} onChange={set} />
      <Button
        size="compact-xs" variant="subtle" color="gray" c="var(--ink-soft)" mt={2} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}
        rightSection={<IconChevronDown size={13} aria-hidden className={isOpen ? styles.open : ''} />}
      >
        {t('by_channel', { name: part.name })}
      </Button>
      <Collapse expanded={isOpen}>
        {isOpen && (
          <Stack gap={6} className={styles.channels ?? ''}>
            {CHANNELS.map((channel) => <TextField key={channel} label={`${part.name}: ${valueWords(channel)}`} channel={channel} value={value} disabled={!mayWrite} onChange={set} />)}
          </Stack>
        )}
      </Collapse>
    </div>
  );
}

interface TextProps {
  label: string;
  channel: SpokenOn;
  value: unknown;
  disabled: boolean;
  onChange: (value: unknown) => void;
  isLabelHidden?: boolean;
}

export function TextField({ label, channel, value, disabled, onChange, isLabelHidden = false }: TextProps) {
  return (
    <div>
      <Textarea
        {...(isLabelHidden ? { 'aria-label': label } : { label })} autosize minRows={1} maxRows={8} disabled={disabled} value={textFor(value, channel)}
        placeholder={channel === 'default' ? '' : textFor(value, 'default')} onChange={(event) => onChange(withTextFor(value, channel, event.currentTarget.value))}
      />
      {channel === 'sms' && <SegmentCount text={textHeard(value, 'sms')} />}
    </div>
  );
}

/** How many messages a text is, and which signs make it more. */
export function SegmentCount({ text }: { text: string }) {
  const { t } = useEditorWords();
  const { count, encoding, left, wide } = readSegments(toPlainSigns(text));
  if (count === 0) return null;
  return (
    <Group gap={6} mt={4} data-testid="segments">
      <Tag tone={count > 1 ? 'warm' : 'plain'}>{t('segments', { count })}</Tag>
      <Text size="xs" c="dimmed">{wide.length > 0 ? t('encoding_because', { encoding, signs: wide.slice(0, 5).join(' ') }) : encoding}, {t('left', { count: left })}</Text>
    </Group>
  );
}
