/** Who is logged in, whether tasks are mailed to them, the language, light or dark, and the way out. */
import { ActionIcon, Menu, Text, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { IconBell, IconBellOff, IconCheck, IconLanguage, IconLogout, IconMoon, IconSun } from '@tabler/icons-react';
import { useWords } from '../i18n/useWords';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { isLanguage, LANGUAGES, speak } from '../i18n/i18n';
import { useLogOut, useSession } from '../session/useSession';
import { useToldLanguage } from '../session/useToldLanguage';
import { useSetTaskMails, useTaskMails } from '../session/useTaskMails';
import styles from './Shell.module.css';

export function UserBox() {
  const t = useWords('shell');
  const { data: user } = useSession();
  const logOut = useLogOut();
  return (
    <div className={styles.who}>
      <div className={styles.name}>
        <Text size="sm" fw={500} truncate component={Link} to="/settings/account" display="block" c="inherit" td="none" data-testid="account">{user?.name}</Text>
        <Text size="xs" c="dimmed" truncate title={user?.email}>{user?.email}</Text>
      </div>
      <TaskMailsSwitch />
      <LanguageMenu />
      <SchemeSwitch />
      <Tooltip label={logOut.isError ? t('try_again') : t('log_out')} opened={logOut.isError || undefined}>
        <ActionIcon
          variant="subtle" color="gray" size={36} data-testid="logout"
          aria-label={user ? t('log_out_name', { name: user.name }) : t('log_out')} loading={logOut.isPending} onClick={() => logOut.mutate()}
        >
          <IconLogout size={18} stroke={1.8} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

function TaskMailsSwitch() {
  const t = useWords('shell');
  const { data: wanted } = useTaskMails();
  const setWanted = useSetTaskMails();
  if (wanted === undefined) return null;
  const label = wanted ? t('mail_no_tasks') : t('mail_tasks');
  return (
    <Tooltip label={setWanted.isError ? t('try_again') : label} opened={setWanted.isError || undefined}>
      <ActionIcon
        variant="subtle" color="gray" size={36} data-testid="task-mails" aria-label={label}
        loading={setWanted.isPending} onClick={() => setWanted.mutate(!wanted)}
      >
        {wanted ? <IconBell size={18} stroke={1.8} /> : <IconBellOff size={18} stroke={1.8} />}
      </ActionIcon>
    </Tooltip>
  );
}

function LanguageMenu() {
  const t = useWords('shell');
  const { i18n } = useTranslation();
  useToldLanguage();
  return (
    <Menu position="top-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={36} aria-label={t('language')} data-testid="language">
          <IconLanguage size={18} stroke={1.8} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(LANGUAGES).map(([tag, name]) => (
          <Menu.Item
            key={tag} lang={tag} rightSection={i18n.language === tag ? <IconCheck size={16} aria-hidden /> : undefined}
            aria-current={i18n.language === tag || undefined} onClick={() => { if (isLanguage(tag)) void speak(tag); }}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function SchemeSwitch() {
  const t = useWords('shell');
  const { setColorScheme } = useMantineColorScheme();
  const isDark = useComputedColorScheme('light') === 'dark';
  const label = isDark ? t('use_light') : t('use_dark');
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
