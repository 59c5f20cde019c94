/** Who has access: invite, give a role, let out and in, and help whoever cannot log in. */
import { Button, Menu, Text, TextInput } from '@mantine/core';
import { IconDots, IconPlus, IconUsersGroup } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { APIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { ListLoading } from '../look/Loading';
import { Moment } from '../look/Moment';
import { Failure, Nothing } from '../look/Notices';
import { Panel, Sheet } from '../look/Panel';
import { Frame } from './Frame';
import { Tag } from '../look/Tag';
import { useMay } from '../session/useMay';
import { useSession } from '../session/useSession';
import { Said } from './Said';
import { roleName } from './roleName';
import { Secret } from './Secret';
import { SignInRules } from './SignInRules';
import styles from './Access.module.css';
import type { Invitation, LinkMade, UserRow } from './types';
import {
  useChangeUser, useInvitations, useInvite, useRemoveUserSecondStep, useResetUserPassword, useRevokeInvitation, useRoles, useSignUserOut, useUsers,
} from './useTeam';

export function TeamPage() {
  const t = useWords('access');
  const may = useMay();
  const [isInviting, setInviting] = useState(false);
  return (
    <Frame page="team">
      <div className={styles.panels}>
        {may('users.write') && !isInviting && (
          <div><Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setInviting(true)} data-testid="invite">{t('invite')}</Button></div>
        )}
        {isInviting && <Invite onDone={() => setInviting(false)} />}
        <Invited />
        <Users />
        <SignInRules />
      </div>
    </Frame>
  );
}

function Invite({ onDone }: { onDone: () => void }) {
  const t = useWords('access');
  const invite = useInvite();
  const roles = useRoles();
  const [role, setRole] = useState('agent');
  const choices = (roles.data?.items ?? []).map(({ name }) => ({ value: name, label: roleName(t, name) }));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    invite.mutate({ email: String(form.get('email')).trim(), name: String(form.get('name')).trim(), role });
  };
  if (invite.data) return <Panel title={t('invited')}><Link made={invite.data} onDone={onDone} /></Panel>;
  const wrong = invite.error instanceof APIError ? invite.error.fields : {};
  return (
    <Panel title={t('invite')}>
      <form onSubmit={submit} className={styles.form}>
        <TextInput name="email" type="email" label={t('email')} required withAsterisk={false} autoFocus error={wrong.email} data-testid="invite-email" />
        <TextInput name="name" label={t('name')} required withAsterisk={false} maxLength={200} error={wrong.name} data-testid="invite-name" />
        <Choose label={t('role')} value={role} choices={choices} onChange={setRole} data-testid="invite-role" />
        <Said error={Object.keys(wrong).length > 0 ? null : invite.error} done={null} />
        <div className={styles.actions}>
          <Button type="submit" loading={invite.isPending} data-testid="invite-send">{t('invite')}</Button>
          <Button variant="default" onClick={onDone}>{t('cancel')}</Button>
        </div>
      </form>
    </Panel>
  );
}

/** A one-time link: that it was mailed, or the link itself where there is no mail server. */
function Link({ made, onDone }: { made: LinkMade; onDone: () => void }) {
  const t = useWords('access');
  return (
    <div className={styles.form} role="status">
      <div className={styles.soft}>{made.mailed ? t('link_mailed') : t('link_shown')}</div>
      {made.link && <Secret value={made.link} testId="one-time-link" />}
      <div><Button onClick={onDone} data-testid="link-done">{t('done')}</Button></div>
    </div>
  );
}

function Invited() {
  const t = useWords('access');
  const may = useMay();
  const list = useInvitations();
  const revoke = useRevokeInvitation();
  if (!list.data || list.data.length === 0) return null;
  return (
    <Panel title={t('invitations')}>
      <Said error={revoke.error} done={null} />
      <ul className={`${styles.list} ${styles.panelList}`} aria-label={t('invitations')}>
        {list.data.map((one: Invitation) => (
          <li key={one.id} className={styles.row} data-testid="invitation-row">
            <div className={styles.what}>
              <div className={styles.name}><bdi>{one.name}</bdi></div>
              <div className={styles.soft}>{one.email} · {roleName(t, one.role)} · {t('until')} <Moment at={one.expires_at} as="inline" /></div>
            </div>
            {may('users.write') && (
              <Button variant="default" size="compact-sm" aria-label={`${t('take_back')}: ${one.name}`} loading={revoke.isPending} onClick={() => revoke.mutate(one.id)}>{t('take_back')}</Button>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Users() {
  const t = useWords('access');
  const list = useUsers();
  if (list.isPending) return <Sheet><ListLoading what={t('tab_team')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  return (
    <Sheet>
      <ul className={styles.list} aria-label={t('tab_team')}>{list.data.map((user) => <Row key={user.id} user={user} />)}</ul>
      {list.data.length === 1 && <Nothing icon={IconUsersGroup} title={t('alone')}><Text c="dimmed" size="sm" maw={440}>{t('alone_hint')}</Text></Nothing>}
    </Sheet>
  );
}

function Row({ user }: { user: UserRow }) {
  const t = useWords('access');
  const may = useMay();
  const { data: me } = useSession();
  const change = useChangeUser(user);
  const signOut = useSignUserOut(user.id);
  const removeStep = useRemoveUserSecondStep(user.id);
  const reset = useResetUserPassword(user.id);
  const roles = useRoles();
  const choices = (roles.data?.items ?? []).map(({ name }) => ({ value: name, label: roleName(t, name) }));
  const error = change.error ?? signOut.error ?? removeStep.error ?? reset.error;
  return (
    <li className={styles.row} data-testid="user-row">
      <div className={styles.what}>
        <div className={styles.name}><bdi>{user.name}</bdi> {user.id === me?.id && <Tag>{t('you')}</Tag>} {!user.is_active && <Tag tone="bad">{t('deactivated')}</Tag>}</div>
        <div className={styles.soft}>
          {user.email} · {user.has_second_step ? t('two_steps') : t('one_step')} · {user.seen_at ? <>{t('seen')} <Moment at={user.seen_at} /></> : t('never_seen')}
        </div>
        <Said error={error} done={signOut.isSuccess || removeStep.isSuccess ? t('done') : null} />
        {reset.data && <Link made={reset.data} onDone={() => reset.reset()} />}
      </div>
      {may('users.write') ? (
        <div className={styles.actions}>
          <Choose
            aria-label={`${t('role')}: ${user.name}`} value={user.role} choices={choices} disabled={change.isPending || !user.is_active}
            onChange={(role) => change.mutate({ role, is_active: null })} data-testid="user-role"
          />
          <Menu position="bottom-end" withinPortal>
            <Menu.Target>
              <Button variant="default" px={9} aria-label={`${t('more')}: ${user.name}`} data-testid="user-more"><IconDots size={18} aria-hidden /></Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => reset.mutate(undefined)}>{t('reset_password')}</Menu.Item>
              <Menu.Item onClick={() => signOut.mutate(undefined)}>{t('sign_out')}</Menu.Item>
              {user.has_second_step && <Menu.Item onClick={() => removeStep.mutate(undefined)}>{t('remove_step')}</Menu.Item>}
              <Menu.Item onClick={() => change.mutate({ role: null, is_active: !user.is_active })} data-testid="user-active">{user.is_active ? t('deactivate') : t('activate')}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
      ) : (
        <Tag>{roleName(t, user.role)}</Tag>
      )}
    </li>
  );
}
