/** What can be proven: the signed head of the consent ledger, why a message was sent, opt-ins for a carrier, the record of processing. */
import { Alert, Button, TextInput } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useSearchParams } from 'react-router';
import { asAPIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { Moment } from '../look/Moment';
import { Panel } from '../look/Panel';
import { Tag } from '../look/Tag';
import { plainWords } from '../look/words';
import styles from './Desk.module.css';
import { saveJson } from './saving';
import type { MessageProof } from './types';
import { useLedgerHead, useMessageProof, useOptInEvidence, useProcessingRecord } from './usePrivacyRequests';

const CHANNELS = ['sms', 'email', 'voice', 'telegram'] as const;

export function Proofs() {
  return (
    <div className={styles.panels}>
      <Ledger />
      <OneMessage />
      <Evidence />
      <ProcessingRecord />
    </div>
  );
}

function Ledger() {
  const t = useWords('privacy');
  const head = useLedgerHead();
  return (
    <Panel title={t('ledger')}>
      <p className={styles.soft}>{t('ledger_hint')}</p>
      {head.isError && <Alert color="red" role="alert" mt="sm">{asAPIError(head.error).message}</Alert>}
      {head.data === null && <p className={styles.soft}>{t('no_head')}</p>}
      {head.data && (
        <>
          <p className={styles.soft}>{t('head', { count: head.data.length, number: head.data.length })} <Moment at={head.data.signed_at} as="inline" /></p>
          <code className={styles.code} data-testid="ledger-head">{head.data.head}</code>
          <div className={styles.bar}><Save label={t('save_head')} onSave={() => saveJson('ledger-head.json', head.data)} /></div>
        </>
      )}
    </Panel>
  );
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function OneMessage() {
  const t = useWords('privacy');
  const [search, setSearch] = useSearchParams();
  const wanted = search.get('message') ?? '';
  const [id, setId] = useState(wanted);
  const isId = UUID.test(id.trim());
  const proof = useMessageProof(UUID.test(wanted) ? wanted : '');
  const look = (event: FormEvent) => {
    event.preventDefault();
    setSearch({ show: 'proofs', message: id.trim() }, { replace: true });
  };
  return (
    <Panel title={t('one_message')}>
      <form onSubmit={look} className={styles.tools}>
        <TextInput label={t('message_id')} description={t('message_id_hint')} value={id} onChange={(event) => setId(event.currentTarget.value)} flex={1} miw={220} spellCheck={false} data-testid="proof-id" />
        <Button type="submit" disabled={!isId} loading={proof.isFetching} variant="default" style={{ alignSelf: 'flex-end' }}>{t('look')}</Button>
      </form>
      {proof.isError && <Alert color="red" role="alert">{asAPIError(proof.error).message}</Alert>}
      {proof.data && <Proof proof={proof.data} />}
    </Panel>
  );
}

function Proof({ proof }: { proof: MessageProof }) {
  const t = useWords('privacy');
  const basis = proof.consent.find(({ id }) => id === proof.basis);
  return (
    <div data-testid="message-proof">
      <p className={styles.soft}>{plainWords(proof.message.channel)} · {plainWords(proof.message.state)} · {proof.standing}</p>
      <blockquote className={`${styles.quote} untrusted`} dir="auto">{proof.message.text}</blockquote>
      {basis && (
        <>
          <h3 className={styles.small}>{t('basis')}</h3>
          <blockquote className={`${styles.quote} untrusted`} lang={basis.language} dir="auto">{basis.text ?? plainWords(basis.event)}</blockquote>
          <p className={styles.soft}><Moment at={basis.effective_at} as="day" /> · <code className={styles.code}>{basis.hash}</code></p>
        </>
      )}
      <h3 className={styles.small}>{t('decisions')}</h3>
      <ul className={styles.decisions}>
        {proof.decisions.map((one) => (
          <li key={`${one.stage} ${one.decided_at}`}>
            <Tag tone={one.answer === 'allow' ? 'good' : 'plain'}>{plainWords(one.answer)}</Tag> {one.reason} <code className={styles.code}>{one.rule}</code> <span className={styles.soft}><Moment at={one.decided_at} as="day" /></span>
          </li>
        ))}
      </ul>
      <Save label={t('save_proof')} onSave={() => saveJson(`proof-${proof.message.id}.json`, proof)} />
    </div>
  );
}

function Evidence() {
  const t = useWords('privacy');
  const [channel, setChannel] = useState<(typeof CHANNELS)[number]>('sms');
  const load = useOptInEvidence();
  return (
    <Panel title={t('evidence')}>
      <p className={styles.soft}>{t('evidence_hint')}</p>
      <div className={styles.bar}>
        <Choose aria-label={t('channel')} value={channel} choices={CHANNELS.map((value) => ({ value, label: t(`channel_${value}`) }))} onChange={setChannel} />
        <Save label={t('save_evidence')} isBusy={load.isPending} onSave={() => load.mutate(channel, { onSuccess: (data) => saveJson(`opt-ins-${channel}.json`, data) })} />
      </div>
      {load.isError && <Alert color="red" role="alert" mt="sm">{asAPIError(load.error).message}</Alert>}
    </Panel>
  );
}

function ProcessingRecord() {
  const t = useWords('privacy');
  const load = useProcessingRecord();
  return (
    <Panel title={t('record')}>
      <p className={styles.soft}>{t('record_hint')}</p>
      <div className={styles.bar}>
        <Save label={t('save_record')} isBusy={load.isPending} onSave={() => load.mutate(undefined, { onSuccess: (data) => saveJson('record-of-processing.json', data) })} />
      </div>
      {load.isError && <Alert color="red" role="alert" mt="sm">{asAPIError(load.error).message}</Alert>}
    </Panel>
  );
}

function Save({ label, onSave, isBusy = false }: { label: string; onSave: () => void; isBusy?: boolean }) {
  return <Button variant="default" loading={isBusy} leftSection={<IconDownload size={16} aria-hidden />} onClick={onSave}>{label}</Button>;
}
