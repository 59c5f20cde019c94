/** A contact's scores by kind, as they are now: points that fade are counted to this moment. */
import { useWords } from '../i18n/useWords';
import { Panel } from '../look/Panel';
import { plainWords } from '../look/words';
import styles from './Contact.module.css';
import { useScores, useScoreTitles } from './useContact';

const TOTAL = 'total';

export function ScoreKinds({ contactId, score }: { contactId: string; score: number }) {
  const t = useWords('contacts');
  const scores = useScores(contactId, score);
  const titles = useScoreTitles();
  const kinds = Object.entries(scores.data ?? {}).filter(([name]) => name !== TOTAL);
  if (kinds.length === 0) return null;
  const most = Math.max(1, ...kinds.map(([, points]) => Math.abs(points)));
  return (
    <Panel title={t('score_kinds')}>
      <ul className={styles.scores} data-testid="score-kinds">
        {kinds.map(([name, points]) => (
          <li key={name}>
            <span>{titles.data?.[name] ?? plainWords(name)}</span>
            <span className={styles.track} aria-hidden><span className={styles.filled} style={{ width: `${(100 * Math.max(0, points)) / most}%` }} /></span>
            <span className="tabular">{points}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
