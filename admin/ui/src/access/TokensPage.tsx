/** Tokens by which programs use the API: made with what they may do and for how long, shown once, revoked. */
import { Button, NumberInput, Text, TextInput } from '@mantine/core';
import { IconKey, IconPlus } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useWords } from '../i18n/useWords';
import { ConfirmButton } from '../look/ConfirmButton';
import { ListLoading } from '../look/Loading';
import { Moment } from '../look/Moment';
import { Failure, Nothing } from '../look/Notices';
import { Panel, Sheet } from '../look/Panel';
import { Frame } from './Frame';
import { Tag } from '../look/Tag';
import { useNow } from '../look/useNow';
import { useSession } from '../session/useSession';
import { Said } from './Said';
import { PermissionGrid } from './PermissionGrid';
import { Secret } from './Secret';
import styles from './Access.module.css';
import type { Permission, TokenRow } from './types';
import { inAreas } from './permissions';
import { useCreateToken, useRevokeToken, useTokens } from './useTokens';

const DAYS = 90;
const MOST_DAYS = 366;

export function TokensPage() {
  const t = useWords('access');
  const [isMaking, setMaking] = useState(false);
  return (
    <Frame page="tokens">
      <div className={styles.panels}>
        <p className={styles.soft}>{t('tokens_lead')}</p>
        {isMaking ? <NewToken onDone={() => setMaking(false)} /> : (
          <div><Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking(true)} data-testid="new-token">{t('new_token')}</Button></div>
        )}
        <Tokens />
      </div>
    </Frame>
  );
}

function NewToken({ onDone }: { onDone: () => void }) {
  const t = useWords('access');
  const { data: user } = useSession();
  const own: readonly Permission[] = user?.permissions ?? [];
  const [held, setHeld] = useState<Permission[]>([]);
  const [days, setDays] = useState<number | ''>(DAYS);
  const create = useCreateToken();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name')).trim();
    create.mutate({ name, permissions: held, days: days === '' ? DAYS : days });
  };
  if (create.data) {
    return (
      <Panel title={t('token_made')}>
        <p className={styles.soft} role="status">{t('token_made_lead')}</p>
        <Secret value={create.data.token} testId="token-value" />
        <Button mt="md" onClick={onDone} data-testid="token-done">{t('done')}</Button>
      </Panel>
    );
  }
  return (
    <Panel title={t('new_token')}>
      <form onSubmit={submit}>
        <div className={styles.form}>
          <TextInput name="name" label={t('token_name')} required withAsterisk={false} maxLength={100} autoFocus data-testid="token-name" />
          <NumberInput label={t('days')} value={days} min={1} max={MOST_DAYS} allowDecimal={false} onChange={(value) => setDays(typeof value === 'number' ? value : '')} />
        </div>
        <p className={styles.soft}>{t('token_may')}</p>
        <PermissionGrid all={own} held={held} onChange={setHeld} />
        <Said error={create.error} done={null} />
        <div className={styles.actions}>
          <Button type="submit" mt="md" loading={create.isPending} disabled={held.length === 0} data-testid="token-save">{t('new_token')}</Button>
          <Button variant="default" mt="md" onClick={onDone}>{t('cancel')}</Button>
        </div>
      </form>
    </Panel>
  );
}

function Tokens() {
  const t = useWords('access');
  const list = useTokens();
  if (list.isPending) return <Sheet><ListLoading what={t('tab_tokens')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  if (list.data.length === 0) {
    return <Sheet><Nothing icon={IconKey} title={t('no_tokens')}><Text c="dimmed" size="sm" maw={440}>{t('no_tokens_hint')}</Text></Nothing></Sheet>;
  }
  return <Sheet><ul className={styles.list} aria-label={t('tab_tokens')}>{list.data.map((token) => <Row key={token.id} token={token} />)}</ul></Sheet>;
}

function Row({ token }: { token: TokenRow }) {
  const t = useWords('access');
  const now = useNow();
  const revoke = useRevokeToken();
  const isOver = token.revoked_at !== null || Date.parse(token.expires_at) <= now.getTime();
  return (
    <li className={styles.row} data-testid="token-row">
      <div className={styles.what}>
        <div className={styles.name}><bdi>{token.name}</bdi> {isOver && <Tag tone="bad">{token.revoked_at ? t('revoked') : t('expired')}</Tag>}</div>
        <div className={styles.soft}>
          {token.user_name} · {token.last_used_at ? <>{t('used')} <Moment at={token.last_used_at} /></> : t('never_used')} · {t('until')} <Moment at={token.expires_at} as="inline" />
        </div>
        <div className={styles.soft}>{inWords(token.permissions, t)}</div>
      </div>
      {!isOver && (
        <ConfirmButton
          size="compact-sm" label={t('revoke')} title={t('revoke_title', { name: token.name })} confirm={t('revoke')} cancel={t('cancel')}
          isBusy={revoke.isPending} error={revoke.error} onConfirm={() => revoke.mutate(token.id)} testId="revoke-token"
        >
          {t('revoke_lead')}
        </ConfirmButton>
      )}
    </li>
  );
}

/** "Contacts: see, change · Flows: see". */
function inWords(permissions: readonly Permission[], t: ReturnType<typeof useWords<'access'>>): string {
  const verb = (permission: Permission) => t(`verb_${permission.split('.')[1] as 'read'}`).toLowerCase();
  return inAreas(permissions)
    .map(({ area, read, write, others }) => `${t(`area_${area as 'contacts'}`)}: ${[read, write, ...others].flatMap((one) => (one ? [verb(one)] : [])).join(', ')}`)
    .join(' · ');
}
