/** The frame round every page behind the log-in: navigation, who is logged in, and where focus goes on a new page. */
import { ActionIcon, Center, Drawer, Loader } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconMenu2 } from '@tabler/icons-react';
import { Suspense, useEffect, useRef } from 'react';
import { useWords } from '../i18n/useWords';
import { Link, Outlet, ScrollRestoration, useLocation } from 'react-router';
import { BulkProgress } from '../bulk/BulkProgress';
import { Logo } from '../look/Logo';
import { PAGE_HEADING_ID } from '../look/PageHeading';
import { useOnPhone } from '../look/useOnPhone';
import { useMay } from '../session/useMay';
import { SampleBanner } from '../samples/SampleBanner';
import { SpendingNotice } from '../spending/SpendingNotice';
import { MainNavigation } from './MainNavigation';
import { UserBox } from './UserBox';
import styles from './Shell.module.css';

export function Shell() {
  const t = useWords('shell');
  const main = useFocusOnNavigation();
  const onPhone = useOnPhone();
  const may = useMay();
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>
        {t('skip')}
      </a>
      <header className={styles.rail}>
        {onPhone && <PhoneMenu />}
        <Link to="/" className={styles.home} aria-label={t('home')}>
          <Logo />
        </Link>
        {!onPhone && <MainNavigation />}
        <UserBox />
      </header>
      <main id="main" ref={main} tabIndex={-1} aria-labelledby={PAGE_HEADING_ID} className={styles.main}>
        <Suspense fallback={null}>
          <SampleBanner />
          <SpendingNotice />
        </Suspense>
        <Suspense fallback={<Waiting />}>
          <Outlet />
        </Suspense>
      </main>
      {may('contacts.read') && <Suspense><BulkProgress /></Suspense>}
      <ScrollRestoration />
    </div>
  );
}

/** On a phone the places stand behind a button. */
function PhoneMenu() {
  const t = useWords('shell');
  const [isOpen, { open, close }] = useDisclosure(false);
  return (
    <>
      <ActionIcon
        variant="subtle" color="gray" size={40} aria-label={t('menu')} aria-expanded={isOpen} aria-haspopup="dialog"
        data-testid="menu" onClick={open}
      >
        <IconMenu2 size={20} stroke={1.8} />
      </ActionIcon>
      <Drawer opened={isOpen} onClose={close} title={<Logo />} size={280} closeButtonProps={{ 'aria-label': t('close_menu') }}>
        <MainNavigation onGone={close} />
      </Drawer>
    </>
  );
}

function Waiting() {
  const t = useWords('shell');
  return (
    <Center h="50dvh" role="status" aria-label={t('loading')}>
      <Loader color="gray" type="dots" />
    </Center>
  );
}

/** Moves focus to the new page, as a browser would, so that keyboard and screen reader do not stay on a link that is gone. */
function useFocusOnNavigation() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return main;
}
