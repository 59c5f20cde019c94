/** One field of a step by the widget its schema asks for. Knows no step; what is not given is taken away. */
import { ActionIcon, Autocomplete, Button, Checkbox, Fieldset, Group, NumberInput, Stack, Switch, TagsInput, Text, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { Choose } from '../../look/Choose';
import { useEditor } from '../EditorContext';
import { readScalar } from '../model/conditions';
import { isRecord, withValueAt, type Condition } from '../model/document';
import { readDuration, UNITS, writeDuration, type Unit } from '../model/durations';
import { eitherOf, eitherValue, firstValue, requiredValues, type Either, type Field, type NamedField, type NameSource } from '../model/fields';
import { useEditorWords } from '../words';
import { ConditionFields } from './ConditionFields';
import styles from './panel.module.css';

interface Props {
  /** How the language calls it. */
  name: string;
  label: string;
  meaning?: string;
  field: Field;
  value: unknown;
  /** What holds when nothing is given. */
  otherwise?: unknown;
  isRequired?: boolean;
  problem?: string | undefined;
  onChange: (value: unknown) => void;
}

export function FieldInput({ name, label, meaning, field, value, otherwise, isRequired = false, problem, onChange }: Props) {
  const { isJourney, mayWrite, namesOf } = useEditor();
  const { t, value: valueWords } = useEditorWords();
  const common = { label, description: meaning ? <Meaning text={meaning} /> : undefined, error: problem, disabled: !mayWrite, withAsterisk: isRequired } as const;
  const change = (next: unknown) => onChange(next === '' && !isRequired ? undefined : next);
  switch (field.is) {
    case 'text':
      return field.isLong
        ? <Textarea {...common} autosize minRows={2} value={textOf(value)} onChange={(event) => change(event.currentTarget.value)} />
        : <TextInput {...common} value={textOf(value)} onChange={(event) => change(event.currentTarget.value)} />;
    case 'number':
      return (
        <NumberInput
          {...common} value={typeof value === 'number' ? value : ''} allowDecimal={!field.isWhole} {...(field.least === undefined ? {} : { min: field.least })}
          {...(field.most === undefined ? {} : { max: field.most })} placeholder={typeof otherwise === 'number' ? String(otherwise) : ''}
          onChange={(next) => change(typeof next === 'number' ? next : '')}
        />
      );
    case 'flag':
      return <Switch {...omitAsterisk(common)} checked={value === undefined ? otherwise === true : value === true} onChange={(event) => onChange(event.currentTarget.checked)} />;
    case 'one_of':
      return (
        <Choose
          {...common} value={textOf(value ?? otherwise)} onChange={change}
          choices={[...(isRequired || otherwise ? [] : [{ value: '', label: t('none') }]), ...field.values.map((one) => ({ value: one, label: valueWords(one) }))]}
        />
      );
    case 'some_of':
      return (
        <Checkbox.Group {...common} value={listOf(value)} onChange={onChange}>
          <Group gap="sm" mt={6}>
            {field.values.map((one) => <Checkbox key={one} value={one} label={valueWords(one)} disabled={!mayWrite} />)}
          </Group>
        </Checkbox.Group>
      );
    case 'words':
      return <TagsInput {...common} value={listOf(value)} placeholder={t('type_and_enter')} onChange={(next) => onChange(next.length > 0 || isRequired ? next : undefined)} />;
    case 'named_list':
      return <TagsInput {...common} value={listOf(value)} data={[...namesOf(field.source)]} placeholder={t('type_and_enter')} onChange={(next) => onChange(next.length > 0 || isRequired ? next : undefined)} />;
    case 'named':
      return <NameInput {...common} source={field.source} value={textOf(value)} isRequired={isRequired} onChange={change} />;
    case 'duration':
      return <DurationInput {...common} value={value} isRequired={isRequired} onChange={onChange} />;
    case 'scalar':
      return <TextInput {...common} value={textOf(value)} onChange={(event) => change(readScalar(event.currentTarget.value))} />;
    case 'condition':
      return <OptionalCondition {...common} about={name === 'where' ? 'event' : isJourney ? 'journey' : 'flow'} value={isRecord(value) ? value : null} isRequired={isRequired} onChange={onChange} />;
    case 'object':
      return <ObjectFields {...common} fields={field.fields} value={value} isRequired={isRequired} onChange={onChange} />;
    case 'list':
      return <ListFields {...common} fields={field.fields} value={value} onChange={onChange} />;
    case 'map':
      return <MapFields {...common} keys={field.keys} of={field.of} value={value} onChange={onChange} />;
    case 'either':
      return <EitherFields {...common} options={field.options} value={value ?? otherwise} onChange={onChange} />;
    case 'either_list':
      return <EitherList {...common} options={field.options} value={value} onChange={onChange} />;
    case 'data':
      return <DataInput {...common} value={value} onChange={onChange} />;
  }
}

/** What the language itself says of a field; it says it in English. */
export function Meaning({ text }: { text: string }) {
  return <span lang="en">{text.replaceAll('`', '')}</span>;
}

interface Common {
  label: string;
  description: ReactNode;
  error: string | undefined;
  disabled: boolean;
  withAsterisk: boolean;
}

/** A name that there is, chosen or typed; a step is always one that there is. */
export function NameInput({ source, value, isRequired, onChange, ...common }: Common & { source: NameSource; value: string; isRequired: boolean; onChange: (value: string) => void }) {
  const { namesOf } = useEditor();
  const { t } = useEditorWords();
  const names = namesOf(source);
  if (source === 'steps') {
    const choices = [...(isRequired && value ? [] : [{ value: '', label: isRequired ? t('choose_step') : t('none') }]), ...names.map((name) => ({ value: name, label: name }))];
    return <Choose {...common} value={value} choices={choices} onChange={onChange} />;
  }
  return <Autocomplete {...common} value={value} data={[...names]} limit={40} onChange={onChange} />;
}

export function DurationInput({ value, isRequired, onChange, label, ...common }: Common & { value: unknown; isRequired: boolean; onChange: (value: unknown) => void }) {
  const { t, value: valueWords } = useEditorWords();
  const read = readDuration(value);
  const unit = read?.unit ?? 'minute';
  return (
    <Group gap={6} align="flex-end" wrap="nowrap" className={styles.duration}>
      <NumberInput
        {...common} label={label} min={1} max={9999} allowDecimal={false} value={read?.count ?? ''} flex={1}
        onChange={(count) => onChange(typeof count === 'number' && count >= 1 ? writeDuration({ count, unit }) : isRequired ? '' : undefined)}
      />
      <Choose
        aria-label={t('unit_of', { field: label })} value={unit} disabled={common.disabled} w={112}
        choices={UNITS.map((one) => ({ value: one, label: valueWords(one) }))} onChange={(next: Unit) => read && onChange(writeDuration({ count: read.count, unit: next }))}
      />
    </Group>
  );
}

/** A field made of parts, with what is said of it above and what is wrong with it below. */
function Parts({ label, description, error, disabled, children }: Omit<Common, 'withAsterisk'> & { children: ReactNode }) {
  return (
    <Fieldset legend={label} disabled={disabled} className={styles.part}>
      {description && <Text size="xs" c="dimmed" mb={6}>{description}</Text>}
      {children}
      {error && <Text size="xs" c="var(--bad)" mt={4}>{error}</Text>}
    </Fieldset>
  );
}

function OptionalCondition({ about, value, isRequired, onChange, ...common }: Common & { about: 'flow' | 'journey' | 'event'; value: Condition | null; isRequired: boolean; onChange: (value: unknown) => void }) {
  const { t } = useEditorWords();
  return (
    <Parts {...common}>
      {value
        ? <ConditionFields condition={value} about={about} onChange={onChange} {...(isRequired ? {} : { onRemove: () => onChange(undefined) })} />
        : <AddButton words={t('add_condition')} onClick={() => onChange(about === 'event' ? { property: '', op: 'known' } : { [about === 'flow' ? 'slot' : 'fact']: '', op: 'known' })} />}
    </Parts>
  );
}

function ObjectFields({ fields, value, isRequired, onChange, ...common }: Common & { fields: readonly NamedField[]; value: unknown; isRequired: boolean; onChange: (value: unknown) => void }) {
  const { t } = useEditorWords();
  const firstOf = useFirstOf();
  const given = isRecord(value) ? value : null;
  return (
    <Parts {...common}>
      {given ? (
        <Stack gap="xs">
          <PartFields fields={fields} value={given} onChange={onChange} />
          {!isRequired && <Button size="compact-xs" variant="subtle" color="gray" c="var(--ink-soft)" onClick={() => onChange(undefined)}>{t('take_away', { name: common.label })}</Button>}
        </Stack>
      ) : <AddButton words={t('set', { name: common.label })} onClick={() => onChange(requiredValues(fields, firstOf))} />}
    </Parts>
  );
}

function ListFields({ fields, ...list }: Common & { fields: readonly NamedField[]; value: unknown; onChange: (value: unknown) => void }) {
  const firstOf = useFirstOf();
  return (
    <Entries {...list} first={() => requiredValues(fields, firstOf)}>
      {(part, change) => <Stack gap="xs"><PartFields fields={fields} value={isRecord(part) ? part : {}} onChange={change} /></Stack>}
    </Entries>
  );
}

interface EntriesProps extends Common {
  value: unknown;
  /** What a new entry is. */
  first: () => unknown;
  onChange: (value: unknown) => void;
  children: (part: unknown, change: (next: unknown) => void, index: number) => ReactNode;
}

/** A list, each entry of which can be taken away, and to which one can be added. */
function Entries({ value, first, onChange, children, ...common }: EntriesProps) {
  const { t } = useEditorWords();
  const name = common.label;
  const list = Array.isArray(value) ? value : [];
  return (
    <Parts {...common}>
      <Stack gap="xs">
        {list.map((part, index) => (
          <div key={index} className={styles.entry}>
            <div className={styles.grow}>{children(part, (next) => onChange(withValueAt(list, [index], next)), index)}</div>
            <RemoveButton words={t('take_away_number', { name, number: index + 1 })} onClick={() => onChange(withValueAt(list, [index], undefined))} />
          </div>
        ))}
        <AddButton words={t('add_to', { name })} onClick={() => onChange([...list, first()])} />
      </Stack>
    </Parts>
  );
}

function PartFields({ fields, value, onChange }: { fields: readonly NamedField[]; value: Record<string, unknown>; onChange: (value: unknown) => void }) {
  const { field: fieldWords } = useEditorWords();
  return fields.map(({ name, field, isRequired, default: otherwise }) => (
    <FieldInput
      key={name} name={name} label={fieldWords(name)} field={field} value={value[name]} otherwise={otherwise} isRequired={isRequired}
      onChange={(next) => onChange(withValueAt(value, [name], next))}
    />
  ));
}

function MapFields({ keys, of, value, onChange, ...common }: Common & { keys: NameSource | null; of: Field; value: unknown; onChange: (value: unknown) => void }) {
  const { namesOf } = useEditor();
  const { t } = useEditorWords();
  const firstOf = useFirstOf();
  const [fresh, setFresh] = useState('');
  const map = isRecord(value) ? value : {};
  const add = () => {
    const name = fresh.trim();
    if (!name || name in map) return;
    onChange({ ...map, [name]: firstValue(of, firstOf) });
    setFresh('');
  };
  return (
    <Parts {...common}>
      <Stack gap="xs">
        {Object.entries(map).map(([name, part]) => (
          <div key={name} className={styles.entry}>
            <div className={styles.grow}><FieldInput name={name} label={name.replaceAll('_', ' ')} field={of} value={part} isRequired onChange={(next) => onChange({ ...map, [name]: next ?? '' })} /></div>
            <RemoveButton words={t('take_away', { name })} onClick={() => onChange(withValueAt(map, [name], undefined))} />
          </div>
        ))}
        <Group gap={6} wrap="nowrap" align="flex-end">
          <Autocomplete
            label={t('add_to', { name: common.label })} value={fresh} data={keys ? [...namesOf(keys)].filter((name) => !(name in map)) : []} limit={40} flex={1}
            onChange={setFresh} onKeyDown={(event) => event.key === 'Enter' && add()}
          />
          <ActionIcon variant="default" size={36} aria-label={t('add_to', { name: common.label })} onClick={add}><IconPlus size={16} aria-hidden /></ActionIcon>
        </Group>
      </Stack>
    </Parts>
  );
}

/** One of several things: which, and what it needs. */
function EitherFields({ label, description, error, disabled, withAsterisk, options, value, onChange }: Common & { options: readonly Either[]; value: unknown; onChange: (value: unknown) => void }) {
  const { value: valueWords } = useEditorWords();
  const firstOf = useFirstOf();
  const chosen = eitherOf(value, options);
  return (
    <Stack gap="xs">
      <Choose
        label={label} description={description} error={error} disabled={disabled} withAsterisk={withAsterisk} value={chosen?.name ?? ''}
        choices={[...(chosen ? [] : [{ value: '', label: '–' }]), ...options.map(({ name }) => ({ value: name, label: valueWords(name) }))]}
        onChange={(name) => onChange(eitherValue(options.find((option) => option.name === name), firstOf))}
      />
      {chosen?.fields && isRecord(value) && <PartFields fields={chosen.fields} value={value} onChange={onChange} />}
    </Stack>
  );
}

function EitherList({ options, ...list }: Common & { options: readonly Either[]; value: unknown; onChange: (value: unknown) => void }) {
  const firstOf = useFirstOf();
  return (
    <Entries {...list} first={() => eitherValue(options[0], firstOf)}>
      {(part, change, index) => (
        <EitherFields
          label={`${list.label} ${index + 1}`} description={undefined} error={undefined} disabled={list.disabled} withAsterisk={false} options={options} value={part}
          onChange={change}
        />
      )}
    </Entries>
  );
}

/** What has no widget of its own, as JSON; taken over once it can be read. */
function DataInput({ value, onChange, ...common }: Common & { value: unknown; onChange: (value: unknown) => void }) {
  const { t } = useEditorWords();
  const [typed, setTyped] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)));
  const [isWrong, setIsWrong] = useState(false);
  const read = (text: string) => {
    setTyped(text);
    try {
      onChange(text.trim() ? JSON.parse(text) : undefined);
      setIsWrong(false);
    } catch {
      setIsWrong(true);
    }
  };
  return <Textarea {...common} autosize minRows={2} value={typed} error={isWrong ? t('not_json') : common.error} onChange={(event) => read(event.currentTarget.value)} className={styles.code ?? ''} />;
}

export function AddButton({ words, onClick }: { words: string; onClick: () => void }) {
  return <Button size="compact-sm" variant="subtle" leftSection={<IconPlus size={14} aria-hidden />} onClick={onClick} className={styles.add ?? ''}>{words}</Button>;
}

export function RemoveButton({ words, onClick }: { words: string; onClick: () => void }) {
  return <ActionIcon variant="subtle" color="gray" aria-label={words} title={words} onClick={onClick}><IconX size={15} aria-hidden /></ActionIcon>;
}

function useFirstOf(): (source: NameSource) => string {
  const { namesOf } = useEditor();
  return (source) => namesOf(source)[0] ?? '';
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function omitAsterisk({ label, description, error, disabled }: Common) {
  return { label, description, error, disabled };
}
