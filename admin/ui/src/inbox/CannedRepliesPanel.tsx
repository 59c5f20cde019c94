/** Texts that colleagues answer with again and again, by language. */
import { Button, Group, Text, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, client } from '../api/client';
import { useCommand } from '../api/useCommand';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { ConfirmButton } from '../look/ConfirmButton';
import { ListLoading } from '../look/Loading';
import { Failure } from '../look/Notices';
import { Panel } from '../look/Panel';
import { languageName } from '../look/words';
import styles from './Inbox.module.css';
import { Notice } from './Notice';
import type { CannedReply } from './types';
import { INBOX_KEY } from './useTalks';

const LANGUAGES = ['en', 'es', 'fr', 'de'];
const EXAMPLE = '{{ first_name | there }}';

export function CannedRepliesPanel() {
  const t = useWords('inbox');
  const replies = useQuery({
    queryKey: [...INBOX_KEY, 'canned'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/canned-replies', { signal })),
    select: ({ items }) => items,
  });
  return (
    <Panel title={t('canned')}>
      <Text size="sm" c="dimmed" mb="md">{t('canned_why')} <code>{EXAMPLE}</code></Text>
      {replies.isPending && <ListLoading what={t('canned')} />}
      {replies.isError && <Failure error={replies.error} onRetry={() => void replies.refetch()} />}
      <ul className={styles.rows}>
        {replies.data?.map((reply) => <li key={`${reply.id}-${reply.version}`}><ReplyForm reply={reply} /></li>)}
        {replies.data && <li key={`new-${replies.data.length}`}><ReplyForm reply={null} /></li>}
      </ul>
    </Panel>
  );
}

function ReplyForm({ reply }: { reply: CannedReply | null }) {
  const t = useWords('inbox');
  const [wish, setWish] = useState({ name: reply?.name ?? '', language: reply?.language ?? 'en', text: reply?.text ?? '' });
  const at = reply && { path: { id: reply.id }, header: { 'If-Match': `"${reply.version}"` } };
  const save = useCommand(
    () =>
      at
        ? answerOf(client.PUT('/api/v1/canned-replies/{id}', { params: at, body: wish }))
        : answerOf(client.POST('/api/v1/canned-replies', { body: wish })),
    INBOX_KEY,
  );
  const remove = useCommand(async () => {
    if (at) await answerOf(client.DELETE('/api/v1/canned-replies/{id}', { params: at }));
  }, INBOX_KEY);
  return (
    <form className={styles.row} data-testid="canned-reply" onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
      <TextInput label={t('canned_name')} value={wish.name} maxLength={80} required onChange={(event) => setWish({ ...wish, name: event.currentTarget.value })} />
      <Choose
        label={t('language')} value={wish.language} choices={LANGUAGES.map((value) => ({ value, label: languageName(value) }))}
        onChange={(language) => setWish({ ...wish, language })}
      />
      <Textarea
        className={styles.grow} label={t('canned_text')} value={wish.text} autosize minRows={1} maxLength={4_000} required
        onChange={(event) => setWish({ ...wish, text: event.currentTarget.value })}
      />
      <Group gap={6}>
        <Button type="submit" variant="default" loading={save.isPending}>{reply ? t('save') : t('add_canned')}</Button>
        {reply && (
          <ConfirmButton
            label={t('remove')} title={t('remove_canned')} confirm={t('remove')} cancel={t('cancel')}
            isBusy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()}
          >
            <Text size="sm">{reply.name}</Text>
          </ConfirmButton>
        )}
      </Group>
      {save.isError && <Notice error={save.error} />}
    </form>
  );
}
