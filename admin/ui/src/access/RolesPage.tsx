/** What each role may do. The shipped ones are for reading; a site's own are made and changed here. */
import { Button, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useWords } from '../i18n/useWords';
import { ConfirmButton } from '../look/ConfirmButton';
import { ListLoading } from '../look/Loading';
import { Failure } from '../look/Notices';
import { Panel, Sheet } from '../look/Panel';
import { Frame } from './Frame';
import { Tag } from '../look/Tag';
import { useMay } from '../session/useMay';
import { Said } from './Said';
import { inAreas } from './permissions';
import { PermissionGrid } from './PermissionGrid';
import { roleName } from './roleName';
import styles from './Access.module.css';
import type { Permission, RoleRow } from './types';
import { useChangeRole, useCreateRole, useRemoveRole, useRoles } from './useTeam';

export function RolesPage() {
  return <Frame page="roles"><Roles /></Frame>;
}

function Roles() {
  const t = useWords('access');
  const may = useMay();
  const roles = useRoles();
  const [isMaking, setMaking] = useState(false);
  if (roles.isPending) return <Sheet><ListLoading what={t('tab_roles')} /></Sheet>;
  if (!roles.data) return <Sheet><Failure error={roles.error} onRetry={() => void roles.refetch()} isRetrying={roles.isFetching} /></Sheet>;
  const { items, permissions } = roles.data;
  return (
    <div className={styles.panels}>
      {may('users.write') && !isMaking && (
        <div><Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking(true)} data-testid="new-role">{t('new_role')}</Button></div>
      )}
      {isMaking && <NewRole all={permissions} onDone={() => setMaking(false)} />}
      {items.map((role) => <Role key={role.name} role={role} all={permissions} />)}
    </div>
  );
}

function NewRole({ all, onDone }: { all: readonly Permission[]; onDone: () => void }) {
  const t = useWords('access');
  const [held, setHeld] = useState<Permission[]>([]);
  const create = useCreateRole();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name')).trim();
    create.mutate({ name, permissions: held }, { onSuccess: onDone });
  };
  return (
    <Panel title={t('new_role')}>
      <form onSubmit={submit}>
        <TextInput name="name" label={t('role_name')} required withAsterisk={false} maxLength={60} maw={420} mb="md" autoFocus data-testid="role-name" />
        <PermissionGrid all={all} held={held} onChange={setHeld} />
        <Said error={create.error} done={null} />
        <div className={styles.actions}>
          <Button type="submit" mt="md" loading={create.isPending} disabled={held.length === 0} data-testid="role-save">{t('save')}</Button>
          <Button variant="default" mt="md" onClick={onDone}>{t('cancel')}</Button>
        </div>
      </form>
    </Panel>
  );
}

function Role({ role, all }: { role: RoleRow; all: readonly Permission[] }) {
  const t = useWords('access');
  const may = useMay();
  const [held, setHeld] = useState<Permission[] | null>(null);
  const change = useChangeRole(role);
  const remove = useRemoveRole();
  const isOwn = role.id !== null;
  const name = roleName(t, role.name);
  return (
    <Panel title={name} aside={<Tag>{t('people', { count: role.users })}</Tag>}>
      {held === null ? (
        <>
          {!isOwn && <p className={styles.soft}>{t(`about_${role.name as 'owner'}`)}</p>}
          <Holds held={role.permissions} all={all} />
          {isOwn && may('users.write') && (
            <div className={styles.actions}>
              <Button variant="default" mt="sm" aria-label={`${t('change')}: ${name}`} onClick={() => setHeld([...role.permissions])} data-testid="change-role">{t('change')}</Button>
              <ConfirmButton
                mt="sm" label={t('remove')} title={t('remove_role', { role: name })} confirm={t('remove')} cancel={t('cancel')} isBusy={remove.isPending}
                error={remove.error} onConfirm={() => remove.mutate(role.id ?? '')} testId="remove-role"
              >
                {t('remove_role_lead')}
              </ConfirmButton>
            </div>
          )}
        </>
      ) : (
        <>
          <PermissionGrid all={all} held={held} onChange={setHeld} />
          <Said error={change.error} done={null} />
          <div className={styles.actions}>
            <Button mt="md" loading={change.isPending} disabled={held.length === 0} onClick={() => change.mutate(held, { onSuccess: () => setHeld(null) })} data-testid="role-save">{t('save')}</Button>
            <Button variant="default" mt="md" onClick={() => setHeld(null)}>{t('cancel')}</Button>
          </div>
        </>
      )}
    </Panel>
  );
}

/** What a role holds, in one list of words. */
function Holds({ held, all }: { held: readonly Permission[]; all: readonly Permission[] }) {
  const t = useWords('access');
  if (held.length === all.length) return <div className={styles.soft}>{t('everything')}</div>;
  const words = inAreas(held).map(({ area, read, write, others }) => {
    const verbs = [read && t('verb_read'), write && t('verb_write'), ...others.map((one) => t(`verb_${one.split('.')[1] as 'reply'}`))];
    return `${t(`area_${area as 'contacts'}`)} (${verbs.filter(Boolean).join(', ')})`;
  });
  return <div className={styles.soft}>{words.join(' · ')}</div>;
}
