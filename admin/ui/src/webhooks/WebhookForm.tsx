/** A webhook to be made or changed: where it leads, and of what it is told. */
import { Button, Checkbox, Switch, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { asAPIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { Refused } from '../look/Notices';
import { useMay } from '../session/useMay';
import { KindChoice } from './KindChoice';
import type { Webhook, WebhookWish } from './types';
import styles from './Webhooks.module.css';

interface Props {
  webhook: Webhook | null;
  isBusy: boolean;
  error: Error | null;
  onSave: (wish: WebhookWish) => void;
  onCancel: () => void;
}

export function WebhookForm({ webhook, isBusy, error, onSave, onCancel }: Props) {
  const t = useWords('webhooks');
  const may = useMay();
  const [name, setName] = useState(webhook?.name ?? '');
  const [url, setUrl] = useState(webhook?.url ?? '');
  const [kinds, setKinds] = useState<readonly string[]>(webhook?.kinds ?? []);
  const [withAddresses, setWithAddresses] = useState(webhook?.with_addresses ?? false);
  const [isOn, setOn] = useState(webhook?.enabled ?? true);
  const wrong = error ? asAPIError(error).fields : {};
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave({ name: name.trim(), url: url.trim(), kinds: [...kinds], with_addresses: withAddresses, enabled: isOn });
  };
  return (
    <form onSubmit={submit} className={styles.form}>
      <TextInput label={t('name')} value={name} required withAsterisk={false} maxLength={100} autoFocus error={wrong.name} onChange={(event) => setName(event.currentTarget.value)} data-testid="webhook-name" />
      <TextInput
        label={t('url')} description={t('url_hint')} type="url" value={url} required withAsterisk={false} maxLength={2000} error={wrong.url} spellCheck={false}
        onChange={(event) => setUrl(event.currentTarget.value)} data-testid="webhook-url"
      />
      <KindChoice held={kinds} onChange={setKinds} />
      {/* What another may have sent along can be left as it is. */}
      {(may('contacts.export') || withAddresses) && (
        <Checkbox label={t('with_addresses')} description={t('with_addresses_hint')} checked={withAddresses} onChange={(event) => setWithAddresses(event.currentTarget.checked)} />
      )}
      {webhook && <Switch label={t('is_on')} description={t('is_on_hint')} checked={isOn} onChange={(event) => setOn(event.currentTarget.checked)} data-testid="webhook-on" />}
      <Refused error={error} testId="webhook-refused" />
      <div className={styles.bar}>
        <Button type="submit" loading={isBusy} disabled={kinds.length === 0} data-testid="save-webhook">{t(webhook ? 'save' : 'make')}</Button>
        <Button variant="default" onClick={onCancel}>{t('cancel')}</Button>
      </div>
    </form>
  );
}
