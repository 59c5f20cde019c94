/** A secret that is shown this once: when a webhook is made, or given a new one. */
import { Button } from '@mantine/core';
import { Secret } from '../access/Secret';
import { useWords } from '../i18n/useWords';
import { Panel } from '../look/Panel';
import styles from './Webhooks.module.css';

interface Props {
  title: string;
  secret: string;
  children: string;
  onDone: () => void;
}

export function Made({ title, secret, children, onDone }: Props) {
  const t = useWords('webhooks');
  return (
    <Panel title={title}>
      <p className={styles.lead} role="status">{children}</p>
      <Secret value={secret} testId="webhook-secret" />
      <Button mt="md" onClick={onDone} data-testid="webhook-done">{t('done')}</Button>
    </Panel>
  );
}
