/** The comparison of a fact or property and the value it is compared with, by its type. */
import { NumberInput, TagsInput, TextInput } from '@mantine/core';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { carryOver, opsFor, type Op, type Value, type ValueType } from './operators';

interface Props {
  type: ValueType;
  choices: readonly { value: string; label: string }[];
  op: Op;
  value: Value;
  onChange: (op: Op, value: Value) => void;
}

export function ValueField({ type, choices, op, value, onChange }: Props) {
  const t = useWords('segments');
  const ops = opsFor(type, op).map((one) => ({ value: one, label: t(`op_${one}`) }));
  const set = (next: Value) => onChange(op, next);
  return (
    <>
      <Choose aria-label={t('comparison')} value={op} choices={ops} onChange={(next) => onChange(next, carryOver(next, type, value))} />
      <Input type={type} choices={choices} op={op} value={value} onChange={set} label={t('value')} yes={t('yes')} no={t('no')} />
    </>
  );
}

interface InputProps {
  type: ValueType;
  choices: Props['choices'];
  op: Op;
  value: Value;
  label: string;
  yes: string;
  no: string;
  onChange: (value: Value) => void;
}

function Input({ type, choices, op, value, label, yes, no, onChange }: InputProps) {
  if (op === 'known' || op === 'unknown') return null;
  if (op === 'in') {
    const listed = Array.isArray(value) ? value.map(String) : [];
    return (
      <TagsInput
        aria-label={label} value={listed} data={choices.map((choice) => choice.value)} onChange={onChange} acceptValueOnBlur
        comboboxProps={{ withinPortal: false }} miw={180} maxTags={100}
      />
    );
  }
  if (type === 'yes_no') {
    return <Choose aria-label={label} value={value === false ? 'no' : 'yes'} choices={[{ value: 'yes', label: yes }, { value: 'no', label: no }]} onChange={(said) => onChange(said === 'yes')} />;
  }
  if (type === 'number' || op === 'at_least' || op === 'at_most') {
    return <NumberInput aria-label={label} w={110} value={typeof value === 'number' ? value : ''} onChange={(said) => onChange(said)} hideControls />;
  }
  if (type === 'choice' && (op === 'is' || op === 'is_not')) {
    const said = typeof value === 'string' ? value : '';
    const blank = said === '' ? [{ value: '', label: '…' }] : [];
    return <Choose aria-label={label} value={said} choices={[...blank, ...choices]} onChange={onChange} />;
  }
  return <TextInput aria-label={label} value={typeof value === 'string' ? value : String(value ?? '')} onChange={(event) => onChange(event.currentTarget.value)} maxLength={1000} />;
}
