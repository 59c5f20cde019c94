/** Passkeys: logging in with a device instead of a password. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { APIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { Moment } from '../look/Moment';
import { Failure } from '../look/Notices';
import { Panel } from '../look/Panel';
import styles from './Access.module.css';
import { Said } from './Said';
import { useAddPasskey, usePasskeys, useRemovePasskey } from './useAccount';

export function Passkeys({ canAdd }: { canAdd: boolean }) {
  const t = useWords('access');
  const list = usePasskeys();
  const remove = useRemovePasskey();
  const [isAdding, setAdding] = useState(false);
  return (
    <Panel title={t('passkeys')}>
      <p className={styles.soft}>{t('passkeys_lead')}</p>
      {list.isError && !list.data && <Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} />}
      <Said error={remove.error} done={null} />
      {list.data && list.data.length > 0 && (
        <ul className={`${styles.list} ${styles.panelList}`} aria-label={t('passkeys')}>
          {list.data.map(({ id, name, created_at, used_at }) => (
            <li key={id} className={styles.row} data-testid="passkey-row">
              <div className={styles.what}>
                <div className={styles.name}><bdi>{name}</bdi></div>
                <div className={styles.soft}>{used_at ? <>{t('used')} <Moment at={used_at} /></> : <>{t('made')} <Moment at={created_at} /></>}</div>
              </div>
              <Button variant="default" size="compact-sm" aria-label={`${t('remove')}: ${name}`} loading={remove.isPending} onClick={() => remove.mutate(id)}>{t('remove')}</Button>
            </li>
          ))}
        </ul>
      )}
      {canAdd && !isAdding && <Button mt="sm" variant="default" onClick={() => setAdding(true)} data-testid="add-passkey">{t('add_passkey')}</Button>}
      {isAdding && <Add onDone={() => setAdding(false)} />}
    </Panel>
  );
}

function Add({ onDone }: { onDone: () => void }) {
  const t = useWords('access');
  const add = useAddPasskey();
  const isWrong = add.error instanceof APIError && add.error.code === 'wrong_password';
  const isTurnedDown = add.error !== null && !(add.error instanceof APIError);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    add.mutate({ name: String(form.get('name')).trim(), password: String(form.get('password')) }, { onSuccess: onDone });
  };
  return (
    <form method="post" onSubmit={submit} className={styles.form}>
      <TextInput name="name" label={t('passkey_name')} required withAsterisk={false} maxLength={100} autoFocus data-testid="passkey-name" />
      <PasswordInput
        name="password" label={t('password_now')} autoComplete="current-password" required withAsterisk={false}
        error={isWrong ? t('password_wrong') : undefined} data-testid="passkey-password"
      />
      {isTurnedDown && <div className={styles.soft} role="alert">{t('passkey_turned_down')}</div>}
      <Said error={isWrong || isTurnedDown ? null : add.error} done={null} />
      <div className={styles.actions}>
        <Button type="submit" loading={add.isPending} data-testid="passkey-save">{t('add_passkey')}</Button>
        <Button variant="default" onClick={onDone}>{t('cancel')}</Button>
      </div>
    </form>
  );
}
