/** What must be told of an account. Secrets that are known already are not asked again. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { APIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { Refused } from '../look/Notices';
import styles from './Channels.module.css';
import { useSaveAccount, type Account, type AccountWish, type ChannelField } from './useChannels';

interface Props {
  channel: string;
  fields: readonly ChannelField[];
  account: Account | null;
  /** The first account of a channel is called main and nobody is asked. */
  isFirst: boolean;
  onDone: () => void;
}

export function AccountForm({ channel, fields, account, isFirst, onDone }: Props) {
  const t = useWords('channels');
  const save = useSaveAccount();
  const [name, setName] = useState(account?.name ?? (isFirst ? 'main' : ''));
  const [told, setTold] = useState<Record<string, string>>(account?.told ?? {});
  const refused = save.error instanceof APIError ? save.error.fields : {};
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const known = Object.fromEntries(Object.entries(told).filter(([, value]) => value.trim() !== ''));
    save.mutate({ channel: channel as AccountWish['channel'], name: name.trim(), told: known }, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} className={styles.form} autoComplete="off">
      {!account && !isFirst && <TextInput label={t('name')} description={t('name_hint')} value={name} onChange={(event) => setName(event.currentTarget.value)} error={refused.name} />}
      {fields.map((field) => (
        <OneField key={field.name} field={field} isKept={account !== null && field.secret} value={told[field.name] ?? ''} error={refused[field.name]} onChange={(value) => setTold({ ...told, [field.name]: value })} />
      ))}
      {Object.keys(refused).length === 0 && <Refused error={save.error} testId="form-error" />}
      <div className={styles.bar}>
        <Button type="submit" loading={save.isPending} disabled={!name.trim()} data-testid="save-account">{t('save')}</Button>
        <Button variant="default" onClick={onDone}>{t('cancel')}</Button>
      </div>
    </form>
  );
}

interface FieldProps {
  field: ChannelField;
  isKept: boolean;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}

function OneField({ field, isKept, value, error, onChange }: FieldProps) {
  const t = useWords('channels');
  const label = field.label.charAt(0).toUpperCase() + field.label.slice(1);
  const common = {
    label: field.required ? label : `${label} ${t('optional')}`, description: field.help, value, error, autoComplete: 'off', spellCheck: false, 'data-testid': `account-${field.name}`,
    placeholder: isKept ? t('kept') : (field.default ?? ''),
  } as const;
  // Keys of several lines are secrets, too: they are pasted whole.
  if (field.secret) return <PasswordInput {...common} onChange={(event) => onChange(event.currentTarget.value)} />;
  return <TextInput {...common} onChange={(event) => onChange(event.currentTarget.value)} />;
}
