/** Published versions and saved states: look at what differs on the canvas, restore one, or go back to one. */
import { Button, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useState } from 'react';
import { asAPIError } from '../api/problem';
import { ListLoading } from '../look/Loading';
import { Moment } from '../look/Moment';
import { Failure, Nothing } from '../look/Notices';
import { Tag } from '../look/Tag';
import { valueInWords } from '../look/words';
import { useEditor } from './EditorContext';
import { Section } from './panel/Section';
import type { FlowDiff, PartChange } from './shapes';
import { useDiff, useHistoryOf } from './useFlows';
import { useEditorWords } from './words';
import styles from './editor.module.css';

interface Props {
  version: number;
  hasDraft: boolean;
  /** The state that the draft is compared with on the canvas. */
  compared: string | null;
  onCompare: (state: string | null) => void;
  onRestore: (state: string) => Promise<void>;
  onRollBack: (version: number) => void;
  onDiscard: () => Promise<void>;
}

export function HistoryPanel({ version, hasDraft, compared, onCompare, onRestore, onRollBack, onDiscard }: Props) {
  const { item, mayWrite } = useEditor();
  const { t } = useEditorWords();
  const history = useHistoryOf(item, version);
  const diff = useDiff(item, compared, hasDraft ? 'draft' : 'live', version);
  const [failure, setFailure] = useState('');
  const attempt = (work: Promise<void>) => void work.then(() => { setFailure(''); onCompare(null); }, (error: unknown) => setFailure(asAPIError(error).message));
  if (history.isPending) return <ListLoading what={t('history')} />;
  if (!history.data) return <Failure error={history.error} onRetry={() => void history.refetch()} />;
  const { versions, revisions } = history.data;
  const published = versions.find(({ state }) => state === compared);
  return (
    <Stack gap="md" data-testid="history">
      {compared !== null && (
        <div className={styles.compared}>
          <Text size="sm" fw={600}>{t('compared_with', { state: compared })}</Text>
          {diff.data && <DiffList diff={diff.data} />}
          {diff.isError && <Text size="sm" c="var(--bad)">{asAPIError(diff.error).message}</Text>}
          <Group gap={6} mt="xs">
            {mayWrite && <Button size="xs" variant="default" onClick={() => attempt(onRestore(compared))} data-testid="restore">{t('restore')}</Button>}
            {mayWrite && published && !published.live && <Button size="xs" variant="default" onClick={() => onRollBack(published.number)} data-testid="roll-back">{t('roll_back')}</Button>}
            <Button size="xs" variant="subtle" color="gray" c="var(--ink-soft)" onClick={() => onCompare(null)}>{t('close')}</Button>
          </Group>
        </div>
      )}
      {failure && <Text size="sm" c="var(--bad)" role="alert">{failure}</Text>}
      {hasDraft && mayWrite && (
        <Button size="xs" variant="subtle" color="gray" c="var(--ink-soft)" className={styles.left ?? ''} onClick={() => window.confirm(t('discard_sure')) && attempt(onDiscard())} data-testid="discard-draft">{t('discard_draft')}</Button>
      )}
      <Section title={t('published_versions')}>
        {versions.length === 0 ? <Nothing icon={IconHistory} title={t('never_published')}><Text size="sm" c="dimmed">{t('never_published_why')}</Text></Nothing> : (
          <ul className={styles.states}>
            {versions.map((one) => (
              <li key={one.state}>
                <State name={t('version', { number: one.number })} at={one.at} by={one.by} note={one.note} isLive={one.live} isChosen={compared === one.state} onChoose={() => onCompare(one.state)} />
              </li>
            ))}
          </ul>
        )}
      </Section>
      {revisions.length > 0 && (
        <Section title={t('saved_states')}>
          <ul className={styles.states}>
            {revisions.slice(0, 40).map((one) => (
              <li key={one.state}>
                <State name={t('revision', { number: one.revision })} at={one.at} by={one.by} note="" isLive={false} isChosen={compared === one.state} onChoose={() => onCompare(one.state)} />
              </li>
            ))}
          </ul>
        </Section>
      )}
    </Stack>
  );
}

interface StateProps {
  name: string;
  at: string;
  by: string;
  note: string;
  isLive: boolean;
  isChosen: boolean;
  onChoose: () => void;
}

function State({ name, at, by, note, isLive, isChosen, onChoose }: StateProps) {
  const { t } = useEditorWords();
  return (
    <UnstyledButton className={styles.state ?? ''} aria-pressed={isChosen} onClick={onChoose} data-testid="state">
      <Group gap={6} justify="space-between" wrap="nowrap">
        <Text size="sm" fw={500}>{name}</Text>
        {isLive && <Tag tone="good">{t('live')}</Tag>}
      </Group>
      <Text size="xs" c="dimmed">{by} · <Moment at={at} /></Text>
      {note && <Text size="xs" className="untrusted">{note}</Text>}
    </UnstyledButton>
  );
}

function DiffList({ diff }: { diff: FlowDiff }) {
  const { goTo } = useEditor();
  const { t } = useEditorWords();
  if (diff.parts.length === 0) return <Text size="sm" c="dimmed">{t('no_difference')}</Text>;
  return (
    <ul className={styles.diff} data-testid="diff">
      {diff.parts.map((part, index) => (
        <li key={index} data-change={part.change}>
          <UnstyledButton onClick={() => goTo(part.name)}>
            <Text size="sm" fw={500} component="span">{nameOfPart(part)}</Text> <Text size="xs" c="dimmed" component="span">{t(`change_${part.change}`)}</Text>
          </UnstyledButton>
          {part.fields.slice(0, 6).map((field) => (
            <p key={field.field} className={styles.fieldChange}>
              {field.field}: <del>{valueInWords(field.before)}</del> <ins>{valueInWords(field.after)}</ins>
            </p>
          ))}
        </li>
      ))}
    </ul>
  );
}

function nameOfPart({ part, name, language }: PartChange): string {
  return part === 'wording' ? `${name} (${language ?? ''})` : name;
}
