/** What the chat captured about the lead beyond name and address. */
import type { Lead } from '../api/types';
import { useWords } from '../i18n/useWords';
import { Panel } from '../look/Panel';
import { plainWords, valueInWords } from '../look/words';
import styles from './LeadPage.module.css';

export function LeadDetails({ fields }: Pick<Lead, 'fields'>) {
  const t = useWords('leads');
  const known = Object.entries(fields);
  if (known.length === 0) return null;
  return (
    <Panel title={t('details')}>
      <dl className={styles.details}>
        {known.map(([field, value]) => (
          <div key={field} style={{ display: 'contents' }}>
            <dt>{plainWords(field)}</dt>
            <dd className="untrusted" dir="auto">{valueInWords(value)}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
