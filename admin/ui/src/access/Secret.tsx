/** Something that is shown this once, with a way to copy it. */
import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { useWords } from '../i18n/useWords';
import styles from './Access.module.css';

export function Secret({ value, testId }: { value: string; testId: string }) {
  return (
    <div className={styles.form}>
      <code className={styles.secret} data-testid={testId}>{value}</code>
      <div><Copy value={value} /></div>
    </div>
  );
}

export function Copy({ value }: { value: string }) {
  const t = useWords('access');
  const clipboard = useClipboard();
  return <Button variant="default" onClick={() => clipboard.copy(value)}>{clipboard.copied ? t('copied') : t('copy')}</Button>;
}
