/** One field of a contact to be filled in, as its type asks for. */
import { NumberInput, TextInput } from '@mantine/core';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import type { ContactField } from './types';

interface FieldProps {
  definition: ContactField;
  value: unknown;
  onChange: (value: unknown) => void;
}

export function OneField({ definition: { name, label, type, choices }, value, onChange }: FieldProps) {
  const t = useWords('contacts');
  const text = value === null || value === undefined ? '' : String(value);
  const testId = { 'data-testid': `field-${name}` };
  if (type === 'number') return <NumberInput label={label} hideControls value={typeof value === 'number' ? value : ''} onChange={(said) => onChange(said)} {...testId} />;
  if (type === 'yes_no') {
    const said = { '': null, yes: true, no: false } as const;
    const shown = value === true ? 'yes' : value === false ? 'no' : '';
    return <Choose label={label} value={shown} choices={[{ value: '', label: '–' }, { value: 'yes', label: t('yes') }, { value: 'no', label: t('no') }]} onChange={(one: keyof typeof said) => onChange(said[one])} {...testId} />;
  }
  if (type === 'choice') return <Choose label={label} value={text} choices={[{ value: '', label: '–' }, ...choices.map((one) => ({ value: one, label: one }))]} onChange={onChange} {...testId} />;
  return <TextInput label={label} type={type === 'date' ? 'date' : 'text'} value={text} maxLength={2000} onChange={(event) => onChange(event.currentTarget.value)} {...testId} />;
}
