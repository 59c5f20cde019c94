/** Passages of articles that may answer what was asked; using one only fills the field. */
import { Anchor, Button, Group, Skeleton, Text } from '@mantine/core';
import { useWords } from '../i18n/useWords';
import { safeLink } from '../look/safeLink';
import styles from './Inbox.module.css';
import { Notice } from './Notice';
import { useSuggestions } from './useTalks';

const PERCENT = 100;

export function Suggestions({ talkId, onUse }: { talkId: string; onUse: (text: string) => void }) {
  const t = useWords('inbox');
  const found = useSuggestions(talkId, true);
  if (found.isPending) return <Skeleton height={64} aria-label={t('loading')} />;
  if (found.isError) return <Notice error={found.error} />;
  if (found.data.items.length === 0) return <Text size="sm" c="dimmed">{t('no_articles')}</Text>;
  return (
    <ul className={styles.suggestions} aria-label={t('articles')}>
      {found.data.items.map((one) => {
        const link = safeLink(one.link);
        return (
          <li key={one.article + one.heading}>
            <Group justify="space-between" wrap="nowrap" gap="xs">
              {link ? (
                <Anchor href={link} target="_blank" rel="noopener noreferrer" size="sm" underline="always" c="var(--accent)">{one.title}</Anchor>
              ) : (
                <Text size="sm" fw={500}>{one.title}</Text>
              )}
              <Text size="xs" c="dimmed" className="tabular">{t('sure', { percent: Math.round(one.confidence * PERCENT) })}</Text>
            </Group>
            <Text size="sm" lineClamp={3}>{one.quote}</Text>
            <Button size="compact-xs" variant="default" mt={4} onClick={() => onUse(link ? `${one.quote}\n${link}` : one.quote)}>{t('use')}</Button>
          </li>
        );
      })}
    </ul>
  );
}
