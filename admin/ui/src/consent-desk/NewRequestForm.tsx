/** Takes a request in for somebody who called or wrote: who, what, and whether they showed who they are. */
import { Button, Checkbox, Radio, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState, type FormEvent } from 'react';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { Refused } from '../look/Notices';
import { Panel } from '../look/Panel';
import { CorrectionFields } from './CorrectionFields';
import { corrections } from './corrections';
import styles from './Desk.module.css';
import { KINDS, type RequestKind } from './types';
import { useFile, usePeople } from './usePrivacyRequests';

const PAUSE = 300; // milliseconds after the last key

interface Filled {
  held: Record<string, unknown>;
  values: Record<string, unknown>;
}

const NOTHING: Filled = { held: {}, values: {} };

export function NewRequestForm({ onDone }: { onDone: () => void }) {
  const t = useWords('privacy');
  const [q, setQ] = useState('');
  const [settled] = useDebouncedValue(q.trim(), PAUSE);
  const people = usePeople(settled);
  const [contactId, setContactId] = useState('');
  const [kind, setKind] = useState<RequestKind>('access');
  const [isVerified, setVerified] = useState(false);
  const [filled, setFilled] = useState<Filled>(NOTHING);
  const file = useFile();
  const asked = kind === 'rectify' ? corrections(filled.held, filled.values) : {};
  const isComplete = contactId !== '' && (kind !== 'rectify' || Object.keys(asked).length > 0);
  const choose = (id: string) => {
    setContactId(id);
    setFilled(NOTHING);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    file.mutate({ contact_id: contactId, kind, channel: 'staff', verified: isVerified, fields: asked }, { onSuccess: onDone });
  };
  return (
    <Panel title={t('take_in')} className={styles.form}>
      <form onSubmit={submit}>
        <TextInput
          type="search" label={t('who')} description={t('who_hint')} value={q} data-testid="request-who"
          onChange={(event) => { setQ(event.currentTarget.value); choose(''); }}
        />
        {people.data && (
          <Radio.Group mt="sm" aria-label={t('who')} value={contactId} onChange={choose}>
            {people.data.length === 0 && <p className={styles.soft} role="status">{t('nobody')}</p>}
            {people.data.map((one) => (
              <Radio key={one.id} value={one.id} mt={6} label={<bdi>{[one.name, one.email, one.phone, one.company].filter(Boolean).join(' · ') || t('unnamed')}</bdi>} data-testid="request-person" />
            ))}
          </Radio.Group>
        )}
        <Choose mt="md" label={t('what')} value={kind} choices={KINDS.map((value) => ({ value, label: t(`kind_${value}`) }))} onChange={setKind} data-testid="request-kind" />
        {kind === 'rectify' && <CorrectionFields contactId={contactId} values={filled.values} onChange={(values, held) => setFilled({ values, held })} />}
        <Checkbox mt="md" label={t('verified_already')} description={t('verify_hint')} checked={isVerified} onChange={(event) => setVerified(event.currentTarget.checked)} data-testid="request-verified" />
        <div className={styles.bar}>
          <Button type="submit" disabled={!isComplete} loading={file.isPending} data-testid="file-request">{t('file')}</Button>
          <Button variant="default" onClick={onDone}>{t('cancel')}</Button>
        </div>
        <Refused error={file.error} mt="sm" />
      </form>
    </Panel>
  );
}
