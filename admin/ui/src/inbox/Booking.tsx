/** Books a meeting with whoever one talks with: free times in their words, one click each. */
import { Anchor, Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { IconCalendarPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { answerOf, client } from '../api/client';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { Notice } from './Notice';
import { INBOX_KEY } from './useTalks';

export function Booking({ talkId }: { talkId: string }) {
  const t = useWords('inbox');
  const [isOpen, setIsOpen] = useState(false);
  return (
    <div>
      <Button size="xs" variant="default" leftSection={<IconCalendarPlus size={15} aria-hidden />} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)} data-testid="book">
        {t('book')}
      </Button>
      {isOpen && <Times talkId={talkId} />}
    </div>
  );
}

function Times({ talkId }: { talkId: string }) {
  const t = useWords('inbox');
  const [calendar, setCalendar] = useState<string | null>(null);
  const times = useFreeTimes(talkId, calendar);
  const book = useBook(talkId);
  if (times.isPending) return <Skeleton height={80} mt="xs" aria-label={t('loading')} />;
  if (times.isError) return <Notice error={times.error} />;
  if (book.data) {
    return (
      <Text size="sm" mt="xs" role="status">
        {t('booked', { when: book.data.label })} <Anchor href={book.data.invitation} c="var(--accent)" underline="always">{t('invitation')}</Anchor>
      </Text>
    );
  }
  const { calendars, calendar: shown, times: free } = times.data;
  if (calendars.length === 0 || shown === null) return <Text size="sm" c="dimmed" mt="xs">{t('no_calendars')}</Text>;
  return (
    <Stack gap="xs" mt="xs">
      {calendars.length > 1 && (
        <Choose size="xs" label={t('calendar')} value={shown} choices={calendars.map(({ name, title }) => ({ value: name, label: title }))} onChange={setCalendar} />
      )}
      {free.length === 0 && <Text size="sm" c="dimmed">{t('no_times')}</Text>}
      <Group gap={6}>
        {free.map(({ starts_at, label }) => (
          <Button key={starts_at} size="compact-xs" variant="default" disabled={book.isPending} onClick={() => book.mutate({ calendar: shown, starts_at })}>
            {label}
          </Button>
        ))}
      </Group>
      {book.isError && <Notice error={book.error} />}
    </Stack>
  );
}

function useFreeTimes(id: string, calendar: string | null) {
  return useQuery({
    queryKey: [...INBOX_KEY, 'times', id, calendar],
    queryFn: ({ signal }) => {
      const query = calendar === null ? {} : { calendar };
      return answerOf(client.GET('/api/v1/conversations/{id}/free-times', { params: { path: { id }, query }, signal }));
    },
  });
}

function useBook(id: string) {
  const queries = useQueryClient();
  const wish = useRef(crypto.randomUUID());
  return useMutation({
    mutationFn: (time: { calendar: string; starts_at: string }) =>
      answerOf(client.POST('/api/v1/conversations/{id}/meetings', { params: { path: { id } }, body: { ...time, client_id: wish.current } })),
    onError: () => {
      // Another time is another wish.
      wish.current = crypto.randomUUID();
      void queries.invalidateQueries({ queryKey: [...INBOX_KEY, 'times', id] });
    },
  });
}
