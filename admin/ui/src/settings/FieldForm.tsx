/** A field to be defined, or what can still be changed of one: its name and type stay. */
import { Button, NumberInput, TagsInput, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { useWords } from '../i18n/useWords';
import { fieldNameFor } from '../imports/files';
import { Choose } from '../look/Choose';
import { Refused } from '../look/Notices';
import styles from './Settings.module.css';
import type { ContactField, NewField } from './useContactFields';

const TYPES = ['text', 'number', 'date', 'choice', 'yes_no', 'url'] as const;
const SENSITIVITIES = ['plain', 'personal', 'sensitive'] as const;

interface Props {
  field: ContactField | null;
  isBusy: boolean;
  error: Error | null;
  onSave: (field: NewField) => void;
  onCancel: () => void;
}

export function FieldForm({ field, isBusy, error, onSave, onCancel }: Props) {
  const t = useWords('settings');
  const [label, setLabel] = useState(field?.label ?? '');
  const [ownName, setOwnName] = useState<string | null>(field?.name ?? null);
  const [type, setType] = useState<NewField['type']>(field?.type ?? 'text');
  const [choices, setChoices] = useState<string[]>(field?.choices ?? []);
  const [sensitivity, setSensitivity] = useState<NewField['sensitivity']>(field?.sensitivity ?? 'personal');
  const [keepDays, setKeepDays] = useState<number | null>(field?.keep_days ?? null);
  const name = ownName ?? fieldNameFor(label);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave({ name, label: label.trim(), type, choices, sensitivity, keep_days: keepDays });
  };
  return (
    <form onSubmit={submit} className={styles.form} style={{ flex: 1 }}>
      <div className={styles.fields}>
        <TextInput label={t('label')} value={label} maxLength={100} onChange={(event) => setLabel(event.currentTarget.value)} data-testid="field-label" />
        {!field && <TextInput label={t('name')} description={t('name_hint')} value={name} maxLength={60} onChange={(event) => setOwnName(event.currentTarget.value)} data-testid="field-name" />}
        {!field && <Choose label={t('type')} value={type} choices={TYPES.map((value) => ({ value, label: t(`type_${value}`) }))} onChange={setType} data-testid="field-type" />}
        {type === 'choice' && <TagsInput label={t('choices')} value={choices} onChange={setChoices} acceptValueOnBlur maxTags={200} />}
        <Choose label={t('sensitivity')} value={sensitivity ?? 'personal'} choices={SENSITIVITIES.map((value) => ({ value, label: t(`sensitivity_${value}`) }))} onChange={setSensitivity} />
        <NumberInput label={t('keep_days')} description={t('keep_days_hint')} value={keepDays ?? ''} min={1} max={36_500} allowDecimal={false} hideControls onChange={(said) => setKeepDays(typeof said === 'number' ? said : null)} />
      </div>
      <Refused error={error} testId="form-error" />
      <div className={styles.bar}>
        <Button type="submit" disabled={!label.trim() || !name} loading={isBusy} data-testid="save-field">{t('save')}</Button>
        <Button variant="default" onClick={onCancel}>{t('cancel')}</Button>
      </div>
    </form>
  );
}
