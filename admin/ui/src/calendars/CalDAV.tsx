/** The colleague's own calendar behind one of ours: found by the server's address, tried, and taken away again. */
import { Button, PasswordInput, Radio, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconClock } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useWords } from '../i18n/useWords';
import { ConfirmButton } from '../look/ConfirmButton';
import { Moment } from '../look/Moment';
import { Refused } from '../look/Notices';
import { Tag } from '../look/Tag';
import styles from './Calendars.module.css';
import { useCheck, useDiscover, useLink, useUnlink, type Calendar } from './useCalendars';

export function CalDAV({ calendar, mayChange }: { calendar: Calendar; mayChange: boolean }) {
  const t = useWords('calendars');
  const [isOpen, setOpen] = useState(false);
  return (
    <section aria-label={t('caldav')}>
      <h3>{t('caldav')}</h3>
      {calendar.caldav ? <Linked calendar={calendar} link={calendar.caldav} mayChange={mayChange} onChange={() => setOpen(true)} /> : <p className={styles.soft}>{t('caldav_why')}</p>}
      {isOpen && <LinkForm calendar={calendar} onDone={() => setOpen(false)} />}
      {mayChange && !isOpen && !calendar.caldav && <div className={styles.bar}><Button variant="default" size="compact-md" onClick={() => setOpen(true)} data-testid="connect">{t('connect')}</Button></div>}
    </section>
  );
}

interface LinkedProps {
  calendar: Calendar;
  link: NonNullable<Calendar['caldav']>;
  mayChange: boolean;
  onChange: () => void;
}

function Linked({ calendar, link, mayChange, onChange }: LinkedProps) {
  const t = useWords('calendars');
  const check = useCheck(calendar.id);
  const unlink = useUnlink(calendar.id);
  return (
    <>
      <div className={styles.line}>
        <bdi>{link.url}</bdi> <span className={styles.soft}>{link.username}</span>
        {link.problem ? <Tag tone="bad" icon={IconAlertTriangle}>{t('problem')}</Tag> : link.looked_at ? <Tag tone="good" icon={IconCheck}>{t('in_step')} <Moment at={link.looked_at} /></Tag> : <Tag icon={IconClock}>{t('not_looked')}</Tag>}
        {link.waiting > 0 && <Tag tone="warm" icon={IconClock}>{t('waiting', { count: link.waiting })}</Tag>}
      </div>
      {link.problem && <p className={styles.wrong}>{t('problem_is', { problem: link.problem })}</p>}
      {check.data && <p className={check.data.works ? styles.soft : styles.wrong} role="status" data-testid="check-result">{check.data.works ? t('works', { count: check.data.events }) : t('problem_is', { problem: check.data.problem })}</p>}
      <Refused error={check.error} mt="sm" />
      {mayChange && (
        <div className={styles.bar}>
          <Button variant="default" size="compact-md" loading={check.isPending} onClick={() => check.mutate()} data-testid="check-calendar">{t('check')}</Button>
          <Button variant="default" size="compact-md" onClick={onChange}>{t('connect_another')}</Button>
          <ConfirmButton size="compact-md" label={t('disconnect')} title={t('disconnect_title')} confirm={t('disconnect')} cancel={t('cancel')} isBusy={unlink.isPending} error={unlink.error} onConfirm={() => unlink.mutate(link.waiting > 0)}>
            <p>{t('disconnect_means')}</p>
            {link.waiting > 0 && <p className={styles.wrong}>{t('disconnect_loses', { count: link.waiting })}</p>}
          </ConfirmButton>
        </div>
      )}
    </>
  );
}

function LinkForm({ calendar, onDone }: { calendar: Calendar; onDone: () => void }) {
  const t = useWords('calendars');
  const discover = useDiscover();
  const link = useLink(calendar.id);
  const [access, setAccess] = useState({ url: '', username: '', password: '' });
  const [chosen, setChosen] = useState('');
  const found = discover.data?.items;
  const isReady = access.url.trim() !== '' && access.username !== '' && access.password !== '';
  const change = (part: Partial<typeof access>) => {
    setAccess({ ...access, ...part });
    discover.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!found) discover.mutate(access, { onSuccess: ({ items }) => setChosen(items.find(({ writable }) => writable)?.url ?? '') });
    else link.mutate({ ...access, url: chosen }, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} className={styles.form} autoComplete="off" data-testid="connect-form">
      <div className={styles.fields}>
        <TextInput label={t('address')} description={t('address_why')} placeholder="https://calendar.example.com" value={access.url} maxLength={2000} spellCheck={false} onChange={(event) => change({ url: event.currentTarget.value })} data-testid="caldav-url" />
        <TextInput label={t('user')} description={t('user_why')} value={access.username} maxLength={200} autoComplete="off" spellCheck={false} onChange={(event) => change({ username: event.currentTarget.value })} data-testid="caldav-user" />
        <PasswordInput label={t('password')} description={t('password_why')} value={access.password} maxLength={500} autoComplete="off" onChange={(event) => change({ password: event.currentTarget.value })} data-testid="caldav-password" />
      </div>
      {found && (
        <Radio.Group label={t('which')} value={chosen} onChange={setChosen}>
          {found.map(({ url, name, writable }) => <Radio key={url} value={url} label={name} description={writable ? url : t('read_only')} disabled={!writable} mt="xs" />)}
        </Radio.Group>
      )}
      <Refused error={discover.error ?? link.error} testId="connect-error" />
      <div className={styles.bar}>
        <Button type="submit" loading={discover.isPending || link.isPending} disabled={!isReady || (found !== undefined && chosen === '')} data-testid="connect-next">{found ? t('connect') : t('find')}</Button>
        <Button variant="default" onClick={onDone}>{t('cancel')}</Button>
      </div>
    </form>
  );
}
