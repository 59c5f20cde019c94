/** Who is logged in, whether tasks are mailed to them, light or dark, and the way out. */
import { ActionIcon, Text, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { IconBell, IconBellOff, IconLogout, IconMoon, IconSun } from '@tabler/icons-react';
import { useLogOut, useSession } from '../session/useSession';
import { useSetTaskMails, useTaskMails } from '../session/useTaskMails';
import styles from './Shell.module.css';

export function UserBox() {
  const { data: user } = useSession();
  const logOut = useLogOut();
  return (
    <div className={styles.who}>
      <div className={styles.name}>
        <Text size="sm" fw={500} truncate>{user?.name}</Text>
        <Text size="xs" c="dimmed" truncate title={user?.email}>{user?.email}</Text>
      </div>
      <TaskMailsSwitch />
      <SchemeSwitch />
      <Tooltip label={logOut.isError ? 'That did not work. Try again.' : 'Log out'} opened={logOut.isError || undefined}>
        <ActionIcon
          variant="subtle" color="gray" size={36} data-testid="logout"
          aria-label={`Log out ${user?.name ?? ''}`.trim()} loading={logOut.isPending} onClick={() => logOut.mutate()}
        >
          <IconLogout size={18} stroke={1.8} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

function TaskMailsSwitch() {
  const { data: wanted } = useTaskMails();
  const setWanted = useSetTaskMails();
  if (wanted === undefined) return null;
  const label = wanted ? 'Mail me no tasks' : 'Mail me my tasks';
  return (
    <Tooltip label={setWanted.isError ? 'That did not work. Try again.' : label} opened={setWanted.isError || undefined}>
      <ActionIcon
        variant="subtle" color="gray" size={36} data-testid="task-mails" aria-label={label}
        loading={setWanted.isPending} onClick={() => setWanted.mutate(!wanted)}
      >
        {wanted ? <IconBell size={18} stroke={1.8} /> : <IconBellOff size={18} stroke={1.8} />}
      </ActionIcon>
    </Tooltip>
  );
}

function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const isDark = useComputedColorScheme('light') === 'dark';
  const label = isDark ? 'Use light colours' : 'Use dark colours';
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle" color="gray" size={36} data-testid="color-scheme" aria-label={label}
        onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
      >
        {isDark ? <IconSun size={18} stroke={1.8} /> : <IconMoon size={18} stroke={1.8} />}
      </ActionIcon>
    </Tooltip>
  );
}
