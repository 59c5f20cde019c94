/** What colleagues noted on a step, or on the whole. Never published. */
import { ActionIcon, Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { IconCheck, IconRotate, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { asAPIError } from '../../api/problem';
import { Moment } from '../../look/Moment';
import { useEditor } from '../EditorContext';
import { useNoteChanges } from '../useFlows';
import { useEditorWords } from '../words';
import styles from './panel.module.css';

export function StepNotes({ step }: { step: string | null }) {
  const { item, mayWrite, notes, reloadNotes } = useEditor();
  const { t } = useEditorWords();
  const { add, settle, remove } = useNoteChanges(reloadNotes);
  const [text, setText] = useState('');
  const here = notes.filter((note) => note.step === step);
  const send = () => text.trim() && add.mutate({ item, step, text: text.trim() }, { onSuccess: () => setText('') });
  const failure = add.error ?? settle.error ?? remove.error;
  return (
    <Stack gap="xs">
      {here.length === 0 && <Text size="xs" c="dimmed">{t('no_notes')}</Text>}
      {here.map((note) => (
        <div key={note.id} className={styles.note} data-done={note.done || undefined} data-testid="note">
          <Group justify="space-between" gap={4} wrap="nowrap">
            <Text size="xs" c="dimmed">{note.by} · <Moment at={note.at} /></Text>
            {mayWrite && (
              <Group gap={0} wrap="nowrap">
                <ActionIcon variant="subtle" color="gray" aria-label={note.done ? t('note_reopen') : t('note_done')} onClick={() => settle.mutate({ id: note.id, done: !note.done })}>
                  {note.done ? <IconRotate size={15} aria-hidden /> : <IconCheck size={15} aria-hidden />}
                </ActionIcon>
                <ActionIcon variant="subtle" color="gray" aria-label={t('note_remove')} onClick={() => remove.mutate(note.id)}><IconTrash size={15} aria-hidden /></ActionIcon>
              </Group>
            )}
          </Group>
          <Text size="sm" className="untrusted">{note.text}</Text>
        </div>
      ))}
      {mayWrite && (
        <>
          <Textarea
            aria-label={t('new_note')} placeholder={t('new_note')} autosize minRows={1} value={text} data-testid="new-note"
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => event.key === 'Enter' && (event.ctrlKey || event.metaKey) && send()}
          />
          {text.trim() && <Button size="xs" variant="default" loading={add.isPending} onClick={send} className={styles.add ?? ''} data-testid="add-note">{t('add_note')}</Button>}
        </>
      )}
      {failure && <Text size="xs" c="var(--bad)" role="alert">{asAPIError(failure).message}</Text>}
    </Stack>
  );
}
