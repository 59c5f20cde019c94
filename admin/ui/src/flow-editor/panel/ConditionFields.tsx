/** Builds a condition out of comparisons and groups. Its words are shown beside the way it belongs to. */
import { Group, NumberInput, Select, Stack, TagsInput, TextInput, Autocomplete } from '@mantine/core';
import { Choose } from '../../look/Choose';
import { useEditor } from '../EditorContext';
import {
  conditionOf, kindOf, KINDS_OF, OPERATORS, partsOf, readScalar, takesNumber, takesValue, withOperator, type ConditionKind, type Operator,
} from '../model/conditions';
import { isRecord, type Condition } from '../model/document';
import type { NameSource } from '../model/fields';
import { useEditorWords } from '../words';
import { AddButton, DurationInput, RemoveButton } from './FieldInput';
import styles from './panel.module.css';

interface Props {
  condition: Condition;
  about: 'flow' | 'journey' | 'event';
  onChange: (condition: Condition) => void;
  onRemove?: () => void;
}

const NAMES: Partial<Record<ConditionKind, NameSource>> = { slot: 'slots', score: 'scores', segment: 'segments', happened: 'events' };

export function ConditionFields({ condition, about, onChange, onRemove }: Props) {
  const { t, condition: words } = useEditorWords();
  const kind = kindOf(condition);
  const kinds = KINDS_OF[about].includes(kind) ? KINDS_OF[about] : [kind, ...KINDS_OF[about]];
  return (
    <div className={styles.condition}>
      <Group gap={6} wrap="nowrap" align="center">
        <Choose
          aria-label={t('condition_kind')} value={kind} flex={1} size="xs"
          choices={kinds.map((one) => ({ value: one, label: words(one) }))} onChange={(next) => onChange(conditionOf(next, condition))}
        />
        {onRemove && <RemoveButton words={t('remove_condition')} onClick={onRemove} />}
      </Group>
      {kind === 'all' || kind === 'any' ? <GroupFields condition={condition} kind={kind} about={about} onChange={onChange} />
        : kind === 'not' ? <ConditionFields condition={isRecord(condition.not) ? condition.not : conditionOf(kinds[0] ?? 'slot', null)} about={about} onChange={(inner) => onChange({ not: inner })} />
        : <Comparison condition={condition} kind={kind} onChange={onChange} />}
    </div>
  );
}

function GroupFields({ condition, kind, about, onChange }: { condition: Condition; kind: 'all' | 'any'; about: Props['about']; onChange: Props['onChange'] }) {
  const { t } = useEditorWords();
  const parts = partsOf(condition);
  return (
    <Stack gap={6} mt={6}>
      {parts.map((part, index) => (
        <ConditionFields
          key={index} condition={part} about={about} onChange={(next) => onChange({ [kind]: parts.map((one, place) => (place === index ? next : one)) })}
          {...(parts.length > 1 ? { onRemove: () => onChange({ [kind]: parts.filter((_, place) => place !== index) }) } : {})}
        />
      ))}
      <AddButton words={t('add_condition')} onClick={() => onChange({ [kind]: [...parts, conditionOf(KINDS_OF[about][0] ?? 'slot', null)] })} />
    </Stack>
  );
}

function Comparison({ condition, kind, onChange }: { condition: Condition; kind: ConditionKind; onChange: Props['onChange'] }) {
  const { namesOf } = useEditor();
  const { t, condition: words } = useEditorWords();
  const source = NAMES[kind];
  const name = String(condition[kind] ?? '');
  return (
    <Stack gap={6} mt={6}>
      <Autocomplete
        size="xs" aria-label={words(kind)} placeholder={words(kind)} value={name} data={source ? [...namesOf(source)] : []} limit={40}
        onChange={(next) => onChange({ ...condition, [kind]: next })}
      />
      {kind === 'happened' ? <Happened condition={condition} onChange={onChange} /> : kind === 'segment' ? null : (
        <Group gap={6} wrap="nowrap" align="flex-start">
          <Choose
            size="xs" aria-label={t('operator')} value={String(condition.op ?? 'is') as Operator} w={130}
            choices={OPERATORS.map((op) => ({ value: op, label: words(`op_${op}`) }))} onChange={(op) => onChange(withOperator(condition, op))}
          />
          {takesValue(condition.op) && <ValueInput condition={condition} kind={kind} onChange={onChange} />}
        </Group>
      )}
    </Stack>
  );
}

function ValueInput({ condition, kind, onChange }: { condition: Condition; kind: ConditionKind; onChange: Props['onChange'] }) {
  const { t, value: valueWords } = useEditorWords();
  const known = useKnownValues(kind === 'slot' ? String(condition.slot ?? '') : '');
  if (condition.op === 'in') {
    return <TagsInput size="xs" flex={1} aria-label={t('values')} data={known} value={Array.isArray(condition.value) ? condition.value.map(String) : []} onChange={(values) => onChange({ ...condition, value: values.map(readScalar) })} />;
  }
  if (takesNumber(condition.op)) {
    return <NumberInput size="xs" flex={1} aria-label={t('value')} value={typeof condition.value === 'number' ? condition.value : 0} onChange={(value) => onChange({ ...condition, value: Number(value) || 0 })} />;
  }
  if (known.length > 0) {
    return (
      <Select
        size="xs" flex={1} aria-label={t('value')} searchable allowDeselect={false} data={known.map((value) => ({ value, label: valueWords(value) }))}
        value={String(condition.value ?? '')} onChange={(value) => onChange({ ...condition, value: value ?? '' })}
      />
    );
  }
  return <TextInput size="xs" flex={1} aria-label={t('value')} value={String(condition.value ?? '')} onChange={(event) => onChange({ ...condition, value: readScalar(event.currentTarget.value) })} />;
}

function Happened({ condition, onChange }: Pick<Props, 'condition' | 'onChange'>) {
  const { t } = useEditorWords();
  return (
    <Group gap={6} wrap="nowrap" align="flex-end">
      <NumberInput size="xs" label={t('at_least_times')} min={1} max={1000} w={110} value={typeof condition.at_least === 'number' ? condition.at_least : 1} onChange={(count) => onChange({ ...condition, at_least: Number(count) || 1 })} />
      <DurationInput
        label={t('within')} description={undefined} error={undefined} disabled={false} withAsterisk={false} value={condition.within} isRequired={false}
        onChange={(within) => {
          const { within: _, ...rest } = condition;
          onChange(within === undefined ? rest : { ...rest, within });
        }}
      />
    </Group>
  );
}

/** Values that a slot can have, where its questions say so. */
function useKnownValues(slot: string): string[] {
  const { document } = useEditor();
  if (slot === '') return [];
  const filling = document.steps.filter((step) => step.slot === slot);
  if (filling.some((step) => step.step === 'ask_consent' || step.step === 'check_consent')) return ['given', 'refused', 'none'];
  if (filling.some((step) => step.step === 'qualify')) return ['hot', 'warm', 'cold'];
  return [...new Set(filling.flatMap((step) => (Array.isArray(step.choices) ? step.choices.map(String) : [])))];
}
