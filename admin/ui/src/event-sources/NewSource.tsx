/** Lets a system send events; what it shows who it is by is shown this once. */
import { Button, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { Copy, Secret } from '../access/Secret';
import { useWords } from '../i18n/useWords';
import { fieldNameFor } from '../imports/files';
import { Choose } from '../look/Choose';
import { Refused } from '../look/Notices';
import { Panel } from '../look/Panel';
import styles from './EventSources.module.css';
import { WAYS, type NewSource as Wish } from './types';
import { useMakeSource } from './useEventSources';

export function NewSource({ onDone }: { onDone: () => void }) {
  const t = useWords('event_sources');
  const [name, setName] = useState('');
  const [way, setWay] = useState<(typeof WAYS)[number]>('api');
  const [unknown, setUnknown] = useState<NonNullable<Wish['unknown_people']>>('refuse');
  const make = useMakeSource();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate({ name: fieldNameFor(name), way, unknown_people: unknown, mapping: null });
  };
  if (make.data) {
    const { secret, path } = make.data;
    return (
      <Panel title={t('made_title', { name: make.data.name })}>
        {secret && <><p className={styles.lead} role="status">{t(`secret_${way === 'webhook' ? 'webhook' : 'api'}`)}</p><Secret value={secret} testId="source-secret" /></>}
        {path && (
          <>
            <p className={styles.further}>{t('sends_to')}</p>
            <code className={styles.code} data-testid="source-path">{`${window.location.origin}${path}`}</code>
            <Copy value={`${window.location.origin}${path}`} />
          </>
        )}
        {way === 'mqtt' && <p className={styles.lead} role="status">{t('mqtt_hint', { name: make.data.name })}</p>}
        {way === 'webhook' && <p className={styles.lead}>{t('mapping_hint')}</p>}
        <div className={styles.bar}><Button onClick={onDone} data-testid="source-done">{t('done')}</Button></div>
      </Panel>
    );
  }
  return (
    <Panel title={t('new')}>
      <form onSubmit={submit} className={styles.form}>
        <TextInput label={t('name')} description={t('name_hint')} value={name} required withAsterisk={false} maxLength={60} autoFocus onChange={(event) => setName(event.currentTarget.value)} data-testid="source-name" />
        <Choose label={t('way')} value={way} choices={WAYS.map((value) => ({ value, label: t(`way_${value}`) }))} onChange={setWay} data-testid="source-way" />
        <Choose
          label={t('unknown')} description={t('unknown_hint')} value={unknown} onChange={setUnknown}
          choices={(['refuse', 'create'] as const).map((value) => ({ value, label: t(`unknown_${value}`) }))}
        />
        <Refused error={make.error} />
        <div className={styles.bar}>
          <Button type="submit" loading={make.isPending} disabled={fieldNameFor(name) === ''} data-testid="save-source">{t('make')}</Button>
          <Button variant="default" onClick={onDone}>{t('cancel')}</Button>
        </div>
      </form>
    </Panel>
  );
}
