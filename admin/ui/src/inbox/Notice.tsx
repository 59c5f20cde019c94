/** What went wrong with a command, beside what is still shown. */
import { Text } from '@mantine/core';
import { asAPIError } from '../api/problem';
import styles from './Inbox.module.css';

export function Notice({ error }: { error: unknown }) {
  const { title, detail } = asAPIError(error);
  return (
    <Text size="sm" role="alert" className={styles.problem} data-testid="inbox-problem">
      {detail || title}
    </Text>
  );
}
