/** One webhook: where it leads, how it does, and what can be done about it. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { useWords } from '../i18n/useWords';
import { ConfirmButton } from '../look/ConfirmButton';
import { Moment } from '../look/Moment';
import { Refused } from '../look/Notices';
import { Tag } from '../look/Tag';
import { useMay } from '../session/useMay';
import { HEALTH_LOOKS, healthOf } from './health';
import { kindName } from './kinds';
import { Made } from './Made';
import { Outcome } from './Outcome';
import type { Tried, WebhookLine } from './types';
import { useEditWebhook, useEventKinds, useNewSecret, useRemoveWebhook, useTryWebhook } from './useWebhooks';
import { WebhookForm } from './WebhookForm';
import styles from './Webhooks.module.css';

export function WebhookItem({ webhook }: { webhook: WebhookLine }) {
  const t = useWords('webhooks');
  useWords('event_kinds'); // their names are shown
  const may = useMay()('settings.write');
  const kinds = useEventKinds();
  const [isEditing, setEditing] = useState(false);
  const edit = useEditWebhook(webhook);
  const health = healthOf(webhook);
  return (
    <li className={styles.card} data-testid="webhook" data-health={health}>
      <div className={styles.head}>
        <h2 className={styles.title}><Link to={`/settings/webhooks/${webhook.id}`} className={styles.link}><bdi>{webhook.name}</bdi></Link></h2>
        <Tag {...HEALTH_LOOKS[health]}>{t(`health_${health}`)}</Tag>
      </div>
      <p className={styles.soft}><bdi>{webhook.url}</bdi></p>
      <p className={styles.soft}>{webhook.kinds.map((kind) => kindName(kind, kinds.data)).join(', ')}{webhook.with_addresses && <> · {t('addresses_go')}</>}</p>
      <Doing webhook={webhook} />
      {isEditing && (
        <WebhookForm
          webhook={webhook} isBusy={edit.isPending} error={edit.error} onCancel={() => setEditing(false)}
          onSave={(wish) => edit.mutate(wish, { onSuccess: () => setEditing(false) })}
        />
      )}
      {may && !isEditing && <Steps webhook={webhook} onEdit={() => { edit.reset(); setEditing(true); }} />}
    </li>
  );
}

function Doing({ webhook }: { webhook: WebhookLine }) {
  const t = useWords('webhooks');
  return (
    <>
      {webhook.disabled_why && webhook.disabled_why !== 'colleague' && <p className={styles.wrong}>{t(`off_${webhook.disabled_why}`)}</p>}
      {webhook.failing_since && webhook.enabled && <p className={styles.wrong}>{t('failing_since')} <Moment at={webhook.failing_since} as="inline" /></p>}
      <p className={styles.soft}>
        {webhook.last_at ? <>{t('last_sent')} <Moment at={webhook.last_at} />: <Outcome status={webhook.last_status} problem={webhook.last_problem} /></> : t('never_sent')}
        {webhook.waiting > 0 && <> · {t('waiting', { count: webhook.waiting, number: webhook.waiting })}</>}
      </p>
    </>
  );
}

function Steps({ webhook, onEdit }: { webhook: WebhookLine; onEdit: () => void }) {
  const t = useWords('webhooks');
  const attempt = useTryWebhook(webhook.id);
  const renew = useNewSecret(webhook.id);
  const remove = useRemoveWebhook(webhook);
  return (
    <>
      <div className={styles.bar}>
        <Button size="compact-md" loading={attempt.isPending} onClick={() => attempt.mutate()} data-testid="try-webhook">{t('try')}</Button>
        <Button variant="default" size="compact-md" onClick={onEdit} aria-label={t('edit_what', { name: webhook.name })} data-testid="edit-webhook">{t('edit')}</Button>
        <ConfirmButton
          size="compact-md" label={t('new_secret')} title={t('new_secret_title', { name: webhook.name })} confirm={t('new_secret')} cancel={t('cancel')} isDangerous={false}
          isBusy={renew.isPending} error={renew.error} onConfirm={() => renew.mutate(undefined)} testId="renew-secret"
        >
          {t('new_secret_means')}
        </ConfirmButton>
        <ConfirmButton
          size="compact-md" label={t('remove')} title={t('remove_title', { name: webhook.name })} confirm={t('remove')} cancel={t('cancel')}
          isBusy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate(undefined)} testId="remove-webhook"
        >
          {t('remove_means')}
        </ConfirmButton>
      </div>
      <Refused error={attempt.error} mt="sm" />
      {attempt.data && <TriedPanel tried={attempt.data} />}
      {renew.data && <div className={styles.inset}><Made title={t('secret_made')} secret={renew.data.secret} onDone={() => renew.reset()}>{t('secret_made_lead')}</Made></div>}
    </>
  );
}

function TriedPanel({ tried }: { tried: Tried }) {
  const t = useWords('webhooks');
  const wentWell = tried.status !== null && tried.status >= 200 && tried.status < 300;
  return (
    <div className={styles.tried} role="status" data-testid="webhook-tried">
      <div className={styles.head}>
        <Tag {...HEALTH_LOOKS[wentWell ? 'works' : 'failing']}>{t(wentWell ? 'test_arrived' : 'test_failed')}</Tag>
        <span className={styles.outcome}><Outcome status={tried.status} problem={tried.problem} /> · {t('took', { seconds: tried.seconds })}</span>
      </div>
      {tried.answer && <pre className={`${styles.code} untrusted`} tabIndex={0}>{tried.answer}</pre>}
      <details className={styles.more}>
        <summary>{t('what_was_sent')}</summary>
        <pre className={styles.code} tabIndex={0}>{`webhook-id: ${tried.message_id}\n\n${tried.body}`}</pre>
      </details>
    </div>
  );
}
