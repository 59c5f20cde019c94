/** The places that this user may go to, in their groups. */
import { useWords } from '../i18n/useWords';
import { NavLink } from 'react-router';
import { useMay } from '../session/useMay';
import { PLACE_GROUPS } from './places';
import styles from './Shell.module.css';

/** `onGone` is called when a place was chosen. */
export function MainNavigation({ onGone }: { onGone?: () => void }) {
  const t = useWords('shell');
  const may = useMay();
  const groups = PLACE_GROUPS.map(({ name, places }) => ({ name, places: places.filter(({ needs }) => may(needs)) }));
  return (
    <nav aria-label={t('main')} className={styles.nav}>
      {groups.filter(({ places }) => places.length > 0).map(({ name, places }) => (
        <div key={name}>
          <p id={`nav-${name}`} className={styles.group}>{t(name)}</p>
          <ul className={styles.places} aria-labelledby={`nav-${name}`}>
            {places.map(({ to, name: place, Icon }) => (
              <li key={to}>
                <NavLink to={to} className={styles.link} onClick={onGone}>
                  <Icon size={18} stroke={1.8} aria-hidden />
                  {t(place)}
                </NavLink>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
