/** What came of a form: why it was refused, or that it is done. */
import { Alert } from '@mantine/core';
import { asAPIError } from '../api/problem';
import styles from './Access.module.css';

export function Said({ error, done }: { error: Error | null; done: string | null }) {
  if (error) return <Alert color="red" role="alert" title={asAPIError(error).title}>{asAPIError(error).detail}</Alert>;
  return <div role="status">{done && <span className={styles.soft}>{done}</span>}</div>;
}
