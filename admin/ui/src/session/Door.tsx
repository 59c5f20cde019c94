/** The calm frame of the pages before the log-in. */
import { Alert, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { IconAlertCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { asAPIError } from '../api/problem';
import { Logo } from '../look/Logo';
import styles from './Door.module.css';

interface Props {
  title: string;
  lead?: string;
  children: ReactNode;
}

export function Door({ title, lead, children }: Props) {
  useDocumentTitle(`${title} · Parley`);
  return (
    <main className={styles.door}>
      <div className={styles.logo}>
        <Logo size={30} />
      </div>
      <div className={styles.card}>
        <Title order={1} fz={22} lh="30px">{title}</Title>
        {lead && <Text c="dimmed" size="sm" mt={4}>{lead}</Text>}
        {children}
      </div>
    </main>
  );
}

/** Why the form was refused, said at once by a screen reader. `said` replaces the server's words where we know better ones. */
export function Refusal({ error, said }: { error: Error | null; said?: string | undefined }) {
  if (!error) return null;
  const { title, detail } = asAPIError(error);
  return (
    <Alert
      color="var(--bad)" bg="var(--bad-soft)" icon={<IconAlertCircle size={18} color="var(--bad)" aria-hidden />}
      mt="md" role="alert" data-testid="form-error"
    >
      <Text size="sm" c="var(--bad)">{said ?? [title, detail].filter(Boolean).join('. ')}</Text>
    </Alert>
  );
}
