/** Who it is: score and why, consents, what a colleague can do with one click, and notes for colleagues. */
import { Anchor, Button, Group, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { Link } from 'react-router';
import { useWords } from '../i18n/useWords';
import { ConsentSummary } from '../leads/ConsentSummary';
import { Score } from '../leads/Score';
import { Moment } from '../look/Moment';
import { STAGES, stageName } from '../look/words';
import { useMay } from '../session/useMay';
import { Booking } from './Booking';
import styles from './Inbox.module.css';
import { Notice } from './Notice';
import type { Talk } from './types';
import { useTalkCommand } from './useTalkCommands';


export function TalkCard({ talk }: { talk: Talk }) {
  const t = useWords('inbox');
  const command = useTalkCommand(talk.id);
  return (
    <Stack gap="lg">
      {command.isError && <Notice error={command.error} />}
      {talk.contact ? <Person talk={talk} contact={talk.contact} command={command} /> : <Text size="sm" c="dimmed">{t('nobody_known_why')}</Text>}
      <Notes talk={talk} command={command} />
    </Stack>
  );
}

type Command = ReturnType<typeof useTalkCommand>;

interface PersonProps {
  talk: Talk;
  contact: NonNullable<Talk['contact']>;
  command: Command;
}

function Person({ talk, contact, command }: PersonProps) {
  const t = useWords('inbox');
  const may = useMay();
  return (
    <>
      <section>
        <Anchor component={Link} to={`/leads/${contact.id}`} fw={600} c="var(--accent)" underline="always">{contact.name ?? t('somebody')}</Anchor>
        {contact.company && <Text size="sm">{contact.company}</Text>}
        {contact.email && <Text size="sm" className="untrusted">{contact.email}</Text>}
        {contact.phone && <Text size="sm">{contact.phone}</Text>}
        <Group mt="xs"><Score score={contact.score} band={contact.band} /></Group>
        {talk.reasons.length > 0 && (
          <ul className={styles.reasons} aria-label={t('reasons')}>
            {talk.reasons.map((one) => <li key={one.id}><span className="tabular">{one.points > 0 ? `+${one.points}` : one.points}</span> {one.reason}</li>)}
          </ul>
        )}
      </section>
      <section>
        <h2 className={styles.small}>{t('consents')}</h2>
        <ConsentSummary consents={contact.consents} />
      </section>
      {may('contacts.write') && <OneClick talk={talk} contact={contact} command={command} />}
    </>
  );
}

function OneClick({ talk, contact, command }: PersonProps) {
  const t = useWords('inbox');
  const may = useMay();
  return (
    <section>
      <h2 className={styles.small}>{t('do')}</h2>
      <Stack gap="xs">
        <Select
          size="xs" label={t('stage')} value={contact.stage} allowDeselect={false} data-testid="set-stage"
          data={STAGES.map((stage) => ({ value: stage, label: stageName(stage) }))}
          onChange={(stage) => {
            const chosen = STAGES.find((one) => one === stage);
            if (chosen) command.mutate({ do: 'stage', stage: chosen });
          }}
        />
        <Tags talk={talk} command={command} />
        <OneLine label={t('task')} hint={t('task_hint')} action={t('add')} onSend={(title) => command.mutateAsync({ do: 'task', title })} />
        {may('meetings.write') && <Booking talkId={talk.id} />}
      </Stack>
    </section>
  );
}

function Tags({ talk, command }: { talk: Talk; command: Command }) {
  const t = useWords('inbox');
  return (
    <div>
      <OneLine label={t('tag')} hint={t('tag_hint')} action={t('add')} onSend={(tag) => command.mutateAsync({ do: 'tag', add: [tag], remove: [] })} />
      {talk.tags.length > 0 && (
        <Group gap={4} mt={6}>
          {talk.tags.map((tag) => (
            <Button
              key={tag} size="compact-xs" variant="default" rightSection={<IconX size={12} aria-hidden />} aria-label={t('remove_tag', { tag })}
              onClick={() => command.mutate({ do: 'tag', add: [], remove: [tag] })}
            >
              {tag}
            </Button>
          ))}
        </Group>
      )}
    </div>
  );
}

interface OneLineProps {
  label: string;
  hint: string;
  action: string;
  onSend: (text: string) => Promise<unknown>;
}

function OneLine({ label, hint, action, onSend }: OneLineProps) {
  const [text, setText] = useState('');
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!text.trim()) return;
    void onSend(text.trim()).then(() => setText(''), () => undefined);
  };
  return (
    <form onSubmit={send} className={styles.oneLine}>
      <TextInput size="xs" label={label} placeholder={hint} value={text} maxLength={200} onChange={(event) => setText(event.currentTarget.value)} />
      <Button type="submit" size="xs" variant="default" disabled={!text.trim()} aria-label={`${action}: ${label}`}>{action}</Button>
    </form>
  );
}

function Notes({ talk, command }: { talk: Talk; command: Command }) {
  const t = useWords('inbox');
  const may = useMay();
  const [text, setText] = useState('');
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) void command.mutateAsync({ do: 'note', text: text.trim() }).then(() => setText(''), () => undefined);
  };
  return (
    <section>
      <h2 className={styles.small}>{t('notes')}</h2>
      {talk.notes.length > 0 && (
        <ul className={styles.notes}>
          {talk.notes.map((note) => (
            <li key={note.id} data-testid="note">
              <div className={styles.by}><strong>{note.user.name ?? t('a_colleague')}</strong><Moment at={note.at} /></div>
              <div className="untrusted">{note.text}</div>
            </li>
          ))}
        </ul>
      )}
      {may('conversations.write') && <form onSubmit={add}>
        <Textarea size="xs" label={t('new_note')} description={t('note_why')} autosize minRows={2} maxLength={4_000} value={text} onChange={(event) => setText(event.currentTarget.value)} data-testid="note-text" />
        <Button type="submit" size="xs" variant="default" mt={6} disabled={!text.trim()} data-testid="add-note">{t('add_note')}</Button>
      </form>}
    </section>
  );
}
