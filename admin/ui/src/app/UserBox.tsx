/** Who is logged in, light or dark, and the way out. */
import { ActionIcon, Text, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { IconLogout, IconMoon, IconSun } from '@tabler/icons-react';
import { useLogOut, useSession } from '../session/useSession';
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
