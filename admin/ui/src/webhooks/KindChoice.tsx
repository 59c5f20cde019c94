/** The kinds of events to choose from, in words, narrowed by what one types. */
import { Checkbox, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { Failure } from '../look/Notices';
import { kindName } from './kinds';
import { useEventKinds } from './useWebhooks';
import styles from './Webhooks.module.css';

interface Props {
  held: readonly string[];
  onChange: (held: readonly string[]) => void;
}

export function KindChoice({ held, onChange }: Props) {
  const t = useWords('webhooks');
  useWords('event_kinds'); // their names are shown
  const kinds = useEventKinds();
  const [part, setPart] = useState('');
  if (kinds.isPending) return <ListLoading what={t('kinds')} />;
  if (!kinds.data) return <Failure error={kinds.error} onRetry={() => void kinds.refetch()} isRetrying={kinds.isFetching} />;
  const named = kinds.data.map((kind) => ({ value: kind.name, label: kindName(kind.name, kinds.data) }));
  const wanted = part.trim().toLowerCase();
  // What is chosen stays in sight, whatever one looks for.
  const shown = named
    .filter(({ value, label }) => held.includes(value) || label.toLowerCase().includes(wanted) || value.includes(wanted))
    .sort((one, other) => one.label.localeCompare(other.label));
  const toggle = (value: string) => onChange(held.includes(value) ? held.filter((one) => one !== value) : [...held, value]);
  return (
    <fieldset className={styles.kinds}>
      <legend>{t('kinds')}</legend>
      <p className={styles.soft}>{t('kinds_chosen', { count: held.length, number: held.length })}</p>
      <TextInput type="search" aria-label={t('find_kind')} placeholder={t('find_kind')} value={part} onChange={(event) => setPart(event.currentTarget.value)} data-testid="find-kind" />
      <div className={styles.choices}>
        {shown.map(({ value, label }) => (
          <Checkbox key={value} label={label} checked={held.includes(value)} onChange={() => toggle(value)} data-testid={`kind-${value}`} />
        ))}
        {shown.length === 0 && <p className={styles.soft} role="status">{t('no_kind')}</p>}
      </div>
    </fieldset>
  );
}
