/** The frame round every page behind the log-in: navigation, who is logged in, and where focus goes on a new page. */
import { IconSend, IconUsers } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { Link, NavLink, Outlet, ScrollRestoration, useLocation } from 'react-router';
import { Logo } from '../look/Logo';
import { PAGE_HEADING_ID } from '../look/PageHeading';
import { UserBox } from './UserBox';
import styles from './Shell.module.css';

const PLACES = [
  { to: '/leads', name: 'Leads', Icon: IconUsers },
  { to: '/follow-ups', name: 'Follow-ups', Icon: IconSend },
];

export function Shell() {
  const main = useFocusOnNavigation();
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>
        Skip to the content
      </a>
      <header className={styles.rail}>
        <Link to="/leads" className={styles.home} aria-label="Parley, to the leads">
          <Logo />
        </Link>
        <nav aria-label="Main">
          <ul className={styles.nav}>
            {PLACES.map(({ to, name, Icon }) => (
              <li key={to}>
                <NavLink to={to} className={styles.link}>
                  <Icon size={18} stroke={1.8} aria-hidden />
                  {name}
                </NavLink>
              </li>
            ))}
          </ul>
        </nav>
        <UserBox />
      </header>
      <main id="main" ref={main} tabIndex={-1} aria-labelledby={PAGE_HEADING_ID} className={styles.main}>
        <Outlet />
      </main>
      <ScrollRestoration />
    </div>
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
