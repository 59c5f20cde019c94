/** All that can be set, as a list of the pages it is set on. */
import { Link } from 'react-router';
import { useWords } from '../i18n/useWords';
import { PageHeading } from '../look/PageHeading';
import { Sheet } from '../look/Panel';
import { SamplesPanel } from '../samples/SamplesPanel';
import { useMay } from '../session/useMay';
import { SpendingPanel } from '../spending/SpendingPanel';
import styles from './Settings.module.css';
import { SETTINGS_PLACES } from './settingsPlaces';

export function SettingsPage() {
  const t = useWords('settings');
  const may = useMay();
  return (
    <>
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      <Sheet>
        <ul className={styles.list} aria-label={t('title')}>
          {SETTINGS_PLACES.filter(({ needs }) => needs === null || may(needs)).map(({ to, name, about, Icon }) => (
            <li key={to} className={styles.row}>
              <Icon size={22} stroke={1.6} color="var(--ink-soft)" aria-hidden />
              <div>
                <Link to={to} className={styles.link}>{t(name)}</Link>
                <div className={styles.soft}>{t(about)}</div>
              </div>
            </li>
          ))}
        </ul>
      </Sheet>
      <SpendingPanel />
      <SamplesPanel />
    </>
  );
}
