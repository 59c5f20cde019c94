/** The second step at log-in: set up an app of codes by its QR code, keep the recovery codes, or take it away again. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { APIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { Panel } from '../look/Panel';
import { Tag } from '../look/Tag';
import { Said } from './Said';
import { Copy } from './Secret';
import styles from './Access.module.css';
import type { Account, CodeApp } from './types';
import { useBeginCodeApp, useConfirmCodeApp, useRemoveCodeApp, useRenewRecoveryCodes } from './useAccount';

type Wish = 'set_up' | 'renew' | 'remove';

export function SecondStep({ account }: { account: Account }) {
  const t = useWords('access');
  const [wish, setWish] = useState<Wish | null>(null);
  const [app, setApp] = useState<CodeApp | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const state = account.has_code_app ? <Tag tone="good">{t('step_on')}</Tag> : <Tag>{t('step_off')}</Tag>;
  return (
    <Panel title={t('second_step')} aside={state}>
      <p className={styles.soft}>{account.has_code_app ? t('step_on_lead', { count: account.recovery_codes }) : t('step_off_lead')}</p>
      {codes && <Codes codes={codes} onKept={() => setCodes(null)} />}
      {!codes && app && <Scan app={app} onDone={(made) => { setApp(null); setCodes(made); }} onCancel={() => setApp(null)} />}
      {!codes && !app && wish === null && account.has_password && (
        <div className={styles.actions}>
          {account.has_code_app ? (
            <>
              <Button variant="default" onClick={() => setWish('renew')} data-testid="renew-codes">{t('renew_codes')}</Button>
              <Button variant="default" onClick={() => setWish('remove')} data-testid="remove-step">{t('remove_step')}</Button>
            </>
          ) : (
            <Button onClick={() => setWish('set_up')} data-testid="set-up-step">{t('set_up_step')}</Button>
          )}
        </div>
      )}
      {!codes && !app && wish === 'set_up' && <Begin onBegun={(begun) => { setWish(null); setApp(begun); }} onCancel={() => setWish(null)} />}
      {!codes && wish === 'renew' && <Renew onMade={(made) => { setWish(null); setCodes(made); }} onCancel={() => setWish(null)} />}
      {!codes && wish === 'remove' && <Remove onDone={() => setWish(null)} />}
    </Panel>
  );
}

/** From the password to the recovery codes; done once these are kept. */
export function SetUpSecondStep({ onDone }: { onDone: () => void }) {
  const [app, setApp] = useState<CodeApp | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  if (codes) return <Codes codes={codes} onKept={onDone} />;
  if (app) return <Scan app={app} onDone={setCodes} onCancel={() => setApp(null)} />;
  return <Begin onBegun={setApp} />;
}

function Begin({ onBegun, onCancel }: { onBegun: (app: CodeApp) => void; onCancel?: () => void }) {
  const t = useWords('access');
  const begin = useBeginCodeApp();
  return (
    <PasswordForm button={t('go_on')} isBusy={begin.isPending} error={begin.error} onCancel={onCancel} onSend={(password) => begin.mutate(password, { onSuccess: onBegun })}>
      {t('set_up_lead')}
    </PasswordForm>
  );
}

function Renew({ onMade, onCancel }: { onMade: (codes: readonly string[]) => void; onCancel: () => void }) {
  const t = useWords('access');
  const renew = useRenewRecoveryCodes();
  return (
    <PasswordForm
      button={t('renew_codes')} isBusy={renew.isPending} error={renew.error} onCancel={onCancel}
      onSend={(password) => renew.mutate(password, { onSuccess: ({ codes }) => onMade(codes) })}
    >
      {t('renew_lead')}
    </PasswordForm>
  );
}

function Remove({ onDone }: { onDone: () => void }) {
  const t = useWords('access');
  const remove = useRemoveCodeApp();
  return (
    <PasswordForm button={t('remove_step')} isBusy={remove.isPending} error={remove.error} onCancel={onDone} onSend={(password) => remove.mutate(password, { onSuccess: onDone })}>
      {t('remove_lead')}
    </PasswordForm>
  );
}

interface PasswordFormProps {
  button: string;
  isBusy: boolean;
  error: Error | null;
  onSend: (password: string) => void;
  onCancel?: (() => void) | undefined;
  children: ReactNode;
}

/** Asks for the password once more: somebody else may sit at this browser. */
function PasswordForm({ button, isBusy, error, onSend, onCancel, children }: PasswordFormProps) {
  const t = useWords('access');
  const isWrong = error instanceof APIError && error.code === 'wrong_password';
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    onSend(String(new FormData(event.currentTarget).get('password')));
  };
  return (
    <form method="post" onSubmit={submit} className={styles.form}>
      <div className={styles.soft}>{children}</div>
      <PasswordInput
        name="password" label={t('password_now')} autoComplete="current-password" required withAsterisk={false} autoFocus
        error={isWrong ? t('password_wrong') : undefined} data-testid="step-password"
      />
      <Said error={isWrong ? null : error} done={null} />
      <div className={styles.actions}>
        <Button type="submit" loading={isBusy} data-testid="step-go">{button}</Button>
        {onCancel && <Button variant="default" onClick={onCancel}>{t('cancel')}</Button>}
      </div>
    </form>
  );
}

function Scan({ app, onDone, onCancel }: { app: CodeApp; onDone: (codes: readonly string[]) => void; onCancel: () => void }) {
  const t = useWords('access');
  const confirm = useConfirmCodeApp();
  const isWrong = confirm.error instanceof APIError && confirm.error.code === 'code_wrong';
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    confirm.mutate(String(new FormData(event.currentTarget).get('code')), { onSuccess: ({ codes }) => onDone(codes) });
  };
  return (
    <form onSubmit={submit} className={styles.form}>
      <div className={styles.soft}>{t('scan_lead')}</div>
      <img src={app.qr} alt={t('qr')} className={styles.qr} />
      <div className={styles.soft}>{t('type_secret')}</div>
      <code className={styles.secret} data-testid="step-secret">{app.secret}</code>
      <TextInput
        name="code" label={t('code')} inputMode="numeric" autoComplete="one-time-code" maxLength={10} required withAsterisk={false} autoFocus
        error={isWrong ? t('code_wrong') : undefined} data-testid="step-code"
      />
      <Said error={isWrong ? null : confirm.error} done={null} />
      <div className={styles.actions}>
        <Button type="submit" loading={confirm.isPending} data-testid="step-confirm">{t('confirm')}</Button>
        <Button variant="default" onClick={onCancel}>{t('cancel')}</Button>
      </div>
    </form>
  );
}

function Codes({ codes, onKept }: { codes: readonly string[]; onKept: () => void }) {
  const t = useWords('access');
  return (
    <div className={styles.form} role="status">
      <div className={styles.soft}>{t('codes_lead')}</div>
      <ul className={styles.codes} aria-label={t('recovery_codes')} data-testid="recovery-codes">{codes.map((code) => <li key={code}>{code}</li>)}</ul>
      <div className={styles.actions}>
        <Copy value={codes.join('\n')} />
        <Button onClick={onKept} data-testid="codes-kept">{t('codes_kept')}</Button>
      </div>
    </div>
  );
}
