/** Everything about one's own account: name, password, second step, and where one is logged in. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { APIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { Failure } from '../look/Notices';
import { Panel, Sheet } from '../look/Panel';
import { DigestPanel } from '../digest/DigestPanel';
import { Frame } from './Frame';
import { isTooShort, MIN_PASSWORD_LENGTH } from '../session/checkFirstAdmin';
import { hasPasskeys } from '../session/passkeys';
import { OwnSessions } from './OwnSessions';
import { Passkeys } from './Passkeys';
import { roleName } from './roleName';
import { Said } from './Said';
import { SecondStep } from './SecondStep';
import styles from './Access.module.css';
import type { Account } from './types';
import { useAccount, useChangePassword, useRename } from './useAccount';

export function AccountPage() {
  return <Frame page="account"><Panels /></Frame>;
}

function Panels() {
  const t = useWords('access');
  const account = useAccount();
  if (account.isPending) return <Sheet><ListLoading what={t('tab_account')} /></Sheet>;
  if (!account.data) return <Sheet><Failure error={account.error} onRetry={() => void account.refetch()} isRetrying={account.isFetching} /></Sheet>;
  return (
    <div className={styles.panels}>
      <Profile account={account.data} />
      {account.data.has_password && <Password />}
      <SecondStep account={account.data} />
      {hasPasskeys() && <Passkeys canAdd={account.data.has_password} />}
      <DigestPanel />
      <OwnSessions />
    </div>
  );
}

function Profile({ account }: { account: Account }) {
  const t = useWords('access');
  const [name, setName] = useState(account.name);
  const rename = useRename();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate(name.trim());
  };
  return (
    <Panel title={t('profile')}>
      <form onSubmit={submit} className={styles.form}>
        <TextInput
          label={t('name')} value={name} maxLength={200} required withAsterisk={false} autoComplete="name"
          onChange={(event) => setName(event.currentTarget.value)} data-testid="account-name"
        />
        <div className={styles.soft}>{account.email} · {t('your_role', { role: roleName(t, account.role) })}</div>
        <Said error={rename.error} done={rename.isSuccess ? t('saved') : null} />
        <div><Button type="submit" loading={rename.isPending} disabled={!name.trim() || name.trim() === account.name} data-testid="account-save">{t('save')}</Button></div>
      </form>
    </Panel>
  );
}

function Password() {
  const t = useWords('access');
  const change = useChangePassword();
  const [short, setShort] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    const body = { password: String(data.get('password')), new_password: String(data.get('new_password')) };
    setShort(isTooShort(body.new_password));
    if (!isTooShort(body.new_password)) change.mutate(body, { onSuccess: () => form.reset() });
  };
  const wrong = change.error instanceof APIError ? change.error.fields : {};
  return (
    <Panel title={t('password')}>
      <form method="post" onSubmit={submit} className={styles.form}>
        <PasswordInput
          name="password" label={t('password_now')} autoComplete="current-password" required withAsterisk={false}
          error={wrong.password ? t('password_wrong') : undefined} data-testid="password-now"
        />
        <PasswordInput
          name="new_password" label={t('password_new')} description={t('password_hint', { number: MIN_PASSWORD_LENGTH })}
          autoComplete="new-password" required withAsterisk={false} error={short ? t('password_hint', { number: MIN_PASSWORD_LENGTH }) : undefined}
          data-testid="password-new"
        />
        <Said error={wrong.password ? null : change.error} done={change.isSuccess ? t('password_changed') : null} />
        <div><Button type="submit" loading={change.isPending} data-testid="password-save">{t('password_change')}</Button></div>
      </form>
    </Panel>
  );
}
