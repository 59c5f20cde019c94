/** What a page shows when it has nothing, or could not load, or is out of date. */
import { Alert, Button, Stack, Text, Title } from '@mantine/core';
import { IconCloudOff, type Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { asAPIError } from '../api/problem';
import { useWords } from '../i18n/useWords';

interface FailureProps {
  error: unknown;
  onRetry: () => void;
  isRetrying?: boolean;
}

/** In place of the content: what went wrong, and a way to try again. */
export function Failure({ error, onRetry, isRetrying = false }: FailureProps) {
  const t = useWords('look');
  const { title, detail } = asAPIError(error);
  return (
    <Stack align="center" gap="xs" py={64} px="md" role="alert" ta="center">
      <IconCloudOff size={32} stroke={1.4} color="var(--ink-soft)" aria-hidden />
      <Text fw={600}>{title}</Text>
      {detail && <Text c="dimmed" size="sm" maw={420}>{detail}</Text>}
      <Button variant="default" mt="sm" onClick={onRetry} loading={isRetrying}>
        {t('try_again')}
      </Button>
    </Stack>
  );
}

/** Above content that is still shown although its renewal failed. */
export function Stale({ error }: { error: unknown }) {
  const t = useWords('look');
  return (
    <Alert bg="var(--warm-soft)" icon={<IconCloudOff size={18} color="var(--warm)" aria-hidden />} mb="md" role="status" data-testid="stale">
      <Text size="sm" c="var(--warm)">{t('stale', { title: asAPIError(error).title })}</Text>
    </Alert>
  );
}

interface RefusedProps {
  error: Error | null;
  mt?: 'sm' | 'md';
  testId?: string;
  children?: ReactNode;
}

/** Beside what was tried: why it was refused. Nothing while it was not. */
export function Refused({ error, testId, children, ...place }: RefusedProps) {
  if (!error) return null;
  const { title, detail } = asAPIError(error);
  return <Alert color="red" role="alert" title={title} data-testid={testId} {...place}>{detail}{children}</Alert>;
}

interface NothingProps {
  icon: Icon;
  title: string;
  children: ReactNode;
}

/** In place of a list that is empty: why, and what to do about it. */
export function Nothing({ icon: Mark, title, children }: NothingProps) {
  return (
    <Stack align="center" gap={6} py={56} px="md" ta="center">
      <Mark size={32} stroke={1.4} color="var(--ink-soft)" aria-hidden />
      <Title order={2} fz={17} mt={6}>
        {title}
      </Title>
      {children}
    </Stack>
  );
}
