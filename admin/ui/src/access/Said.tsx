/** What came of a form: why it was refused, or that it is done. */
import { Refused } from '../look/Notices';
import styles from './Access.module.css';

export function Said({ error, done }: { error: Error | null; done: string | null }) {
  if (error) return <Refused error={error} />;
  return <div role="status">{done && <span className={styles.soft}>{done}</span>}</div>;
}
