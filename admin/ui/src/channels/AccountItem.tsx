/** One account: whether it works as far as is known, and what a look at it finds. */
import { Button } from '@mantine/core';
import { IconAlertTriangle, IconBan, IconCheck, IconHelp } from '@tabler/icons-react';
import { useState } from 'react';
import { useWords } from '../i18n/useWords';
import { ConfirmButton } from '../look/ConfirmButton';
import { Moment } from '../look/Moment';
import { Refused } from '../look/Notices';
import { Tag } from '../look/Tag';
import { useMay } from '../session/useMay';
import { AccountForm } from './AccountForm';
import styles from './Channels.module.css';
import { useDisable, useTry, type Account, type ChannelField, type Finding } from './useChannels';

export function AccountItem({ account, fields }: { account: Account; fields: readonly ChannelField[] }) {
  const t = useWords('channels');
  const may = useMay()('channels.write');
  const [isEditing, setEditing] = useState(false);
  const check = useTry(account.id, 'check');
  const webhook = useTry(account.id, 'webhook');
  const disable = useDisable(account.id);
  const error = check.error ?? webhook.error;
  const findings = [...(webhook.data?.findings ?? []), ...(check.data?.findings ?? [])];
  return (
    <li className={styles.account} data-testid="channel-account">
      <div className={styles.line}>
        <strong><bdi>{account.address}</bdi></strong> <span className={styles.soft}>{account.name}</span> <Standing account={account} />
      </div>
      {account.problem && findings.length === 0 && <p className={styles.wrong}>{account.problem}</p>}
      <Findings findings={findings} />
      <Refused error={error} mt="sm" />
      {isEditing && <AccountForm channel={account.channel} fields={fields} account={account} isFirst={false} onDone={() => setEditing(false)} />}
      {may && !isEditing && (
        <div className={styles.bar}>
          <Button variant="default" size="compact-md" loading={check.isPending} onClick={() => { webhook.reset(); check.mutate(undefined); }} data-testid="check-account">{t('check')}</Button>
          <Button variant="default" size="compact-md" loading={webhook.isPending} onClick={() => { check.reset(); webhook.mutate(undefined); }}>{t('webhook')}</Button>
          <Button variant="default" size="compact-md" onClick={() => setEditing(true)}>{t('change')}</Button>
          {account.enabled && (
            <ConfirmButton
              size="compact-md" label={t('disable')} title={t('disable_title', { address: account.address })} confirm={t('disable')} cancel={t('cancel')}
              isBusy={disable.isPending} error={disable.error} onConfirm={() => disable.mutate(undefined)}
            >
              {t('disable_means')}
            </ConfirmButton>
          )}
        </div>
      )}
    </li>
  );
}

function Standing({ account }: { account: Account }) {
  const t = useWords('channels');
  if (!account.enabled) return <Tag icon={IconBan}>{t('disabled')}</Tag>;
  if (account.problem) return <Tag tone="bad" icon={IconAlertTriangle}>{t('problem')}</Tag>;
  if (account.checked_at) return <Tag tone="good" icon={IconCheck}>{t('works')} <Moment at={account.checked_at} /></Tag>;
  return <Tag tone="warm" icon={IconHelp}>{t('never_checked')}</Tag>;
}

const LOOKS = { ok: { tone: 'good', icon: IconCheck }, warning: { tone: 'warm', icon: IconAlertTriangle }, missing: { tone: 'bad', icon: IconAlertTriangle } } as const;

function Findings({ findings }: { findings: readonly Finding[] }) {
  const t = useWords('channels');
  if (findings.length === 0) return null;
  return (
    <ul className={styles.findings} role="status" data-testid="findings">
      {findings.map(({ level, text, remedy }) => (
        <li key={text}>
          <Tag {...LOOKS[level]}>{t(`level_${level}`)}</Tag> <span>{text}{remedy && <span className={styles.soft}> {remedy}</span>}</span>
        </li>
      ))}
    </ul>
  );
}
