/** Name and domains of a company, to be made or changed. */
import { Button, TagsInput, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { useWords } from '../i18n/useWords';
import { Refused } from '../look/Notices';
import styles from './Companies.module.css';

interface Props {
  name: string;
  domains: readonly string[];
  isBusy: boolean;
  error: Error | null;
  onSave: (company: { name: string; domains: string[] }) => void;
  onCancel: () => void;
}

export function CompanyForm({ name: before, domains: had, isBusy, error, onSave, onCancel }: Props) {
  const t = useWords('companies');
  const [name, setName] = useState(before);
  const [domains, setDomains] = useState<string[]>([...had]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave({ name: name.trim(), domains });
  };
  return (
    <form onSubmit={submit} className={styles.fields}>
      <TextInput label={t('name')} value={name} maxLength={200} required onChange={(event) => setName(event.currentTarget.value)} data-testid="company-name" />
      <TagsInput label={t('domains')} description={t('domains_hint')} value={domains} onChange={setDomains} acceptValueOnBlur splitChars={[',', ' ', ';']} maxTags={50} data-testid="company-domains" />
      <Refused error={error} testId="form-error" />
      <div className={styles.bar}>
        <Button type="submit" disabled={!name.trim()} loading={isBusy} data-testid="save-company">{t('save')}</Button>
        <Button variant="default" onClick={onCancel}>{t('cancel')}</Button>
      </div>
    </form>
  );
}
