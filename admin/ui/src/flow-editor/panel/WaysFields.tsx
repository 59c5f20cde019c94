/** Where a step goes on to by `next`: one step, or the first of several whose condition holds. */
import { ActionIcon, Button, Group, Stack, Text } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { Choose } from '../../look/Choose';
import { useEditor } from '../EditorContext';
import type { Option, Step } from '../model/document';
import { withField } from '../model/editing';
import { conditionInWords } from '../model/conditions';
import { waysOf, writtenOptions } from '../model/ways';
import { useEditorWords } from '../words';
import { ConditionFields } from './ConditionFields';
import { AddButton, RemoveButton } from './FieldInput';
import styles from './panel.module.css';

export function WaysFields({ step }: { step: Step }) {
  const { document, edit, isJourney, mayWrite, namesOf } = useEditor();
  const { t, condition: words } = useEditorWords();
  const options = writtenOptions(step);
  const follows = waysOf(document.steps).get(step.id)?.find((way) => way.within.length === 0)?.to;
  const set = (next: readonly Option[] | undefined) => edit(withField(document, step.id, ['next'], next && next.length > 0 ? next : undefined), `next:${step.id}`);
  const steps = namesOf('steps').map((name) => ({ value: name, label: name }));
  const isBranching = options.length > 1 || step.step === 'branch' || options.some((option) => option.if);
  if (!isBranching) {
    return (
      <Stack gap="xs">
        <Choose
          label={t('goes_on_to')} disabled={!mayWrite} value={options[0]?.to ?? ''}
          choices={[{ value: '', label: follows === undefined ? t('ends_here') : t('the_next', { step: follows }) }, ...steps]}
          onChange={(to) => edit(withField(document, step.id, ['next'], to || undefined))}
        />
        {mayWrite && (
          <AddButton
            words={t('add_way')}
            onClick={() => set([{ if: { [isJourney ? 'fact' : 'slot']: '', op: 'known' }, to: options[0]?.to ?? follows ?? step.id }, { to: options[0]?.to ?? follows ?? step.id }])}
          />
        )}
      </Stack>
    );
  }
  const change = (index: number, option: Option) => set(options.map((one, place) => (place === index ? option : one)));
  const swap = (index: number, other: number) => {
    const moved = [...options];
    const [one, two] = [moved[index], moved[other]];
    if (one && two) [moved[index], moved[other]] = [two, one];
    set(moved);
  };
  return (
    <Stack gap="xs" component="ol" className={styles.ways ?? ''}>
      {options.map((option, index) => (
        <li key={index} className={styles.entry}>
          <Stack gap={6} flex={1}>
            <Text size="xs" fw={600}>{option.if ? t('way_if', { condition: conditionInWords(option.if, words) }) : t('way_else')}</Text>
            {option.if
              ? <ConditionFields condition={option.if} about={isJourney ? 'journey' : 'flow'} onChange={(next) => change(index, { ...option, if: next })} />
              : index < options.length - 1 && <Button size="compact-xs" variant="subtle" onClick={() => change(index, { ...option, if: { slot: '', op: 'known' } })}>{t('add_condition')}</Button>}
            <Choose aria-label={t('goes_on_to')} disabled={!mayWrite} value={option.to} choices={steps} onChange={(to) => change(index, { ...option, to })} />
          </Stack>
          {mayWrite && (
            <Group gap={2} className={styles.tools ?? ''}>
              <ActionIcon variant="subtle" color="gray" disabled={index === 0 || !option.if} aria-label={t('move_up', { number: index + 1 })} onClick={() => swap(index, index - 1)}><IconArrowUp size={15} aria-hidden /></ActionIcon>
              <ActionIcon variant="subtle" color="gray" disabled={!options[index + 1]?.if} aria-label={t('move_down', { number: index + 1 })} onClick={() => swap(index, index + 1)}><IconArrowDown size={15} aria-hidden /></ActionIcon>
              <RemoveButton words={t('remove_way', { number: index + 1 })} onClick={() => set(options.filter((_, place) => place !== index))} />
            </Group>
          )}
        </li>
      ))}
      {mayWrite && (
        <li>
          <AddButton
            words={t('add_way')}
            onClick={() => set([...options.slice(0, -1), { if: { [isJourney ? 'fact' : 'slot']: '', op: 'known' }, to: options.at(-1)?.to ?? '' }, ...options.slice(-1)])}
          />
        </li>
      )}
    </Stack>
  );
}
