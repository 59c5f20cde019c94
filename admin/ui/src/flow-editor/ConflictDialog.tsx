/** Two people changed the same part: both are shown, and one is chosen. Nothing is lost until that is done. */
import { Button, Code, Group, Modal, Radio, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Moment } from '../look/Moment';
import { isRecord } from './model/document';
import { isSame } from './model/merging';
import type { Conflict } from './shapes';
import type { Choice } from './useDraft';
import { useEditorWords } from './words';
import styles from './editor.module.css';

interface Props {
  conflicts: readonly Conflict[];
  onResolve: (choices: readonly Choice[]) => Promise<void>;
}

export function ConflictDialog({ conflicts, onResolve }: Props) {
  const { t } = useEditorWords();
  const [choices, setChoices] = useState<readonly Choice[]>(conflicts.map(() => 'mine'));
  const [isBusy, setIsBusy] = useState(false);
  return (
    <Modal opened onClose={() => undefined} withCloseButton={false} closeOnClickOutside={false} closeOnEscape={false} size="xl" title={t('conflict')}>
      <Stack gap="md" data-testid="conflict">
        <Text size="sm">{t('conflict_why')}</Text>
        {conflicts.map((conflict, index) => (
          <Radio.Group
            key={`${conflict.part}:${conflict.name}:${conflict.language ?? ''}`} value={choices[index] ?? 'mine'} label={`${conflict.name}${conflict.language ? ` (${conflict.language})` : ''}`}
            description={<>{conflict.by} · <Moment at={conflict.at} /></>}
            onChange={(choice) => setChoices(choices.map((one, place) => (place === index ? (choice as Choice) : one)))}
          >
            <div className={styles.sides}>
              {(['mine', 'theirs'] as const).map((side) => (
                <div key={side} className={styles.side}>
                  <Radio value={side} label={side === 'mine' ? t('keep_mine') : t('take_theirs')} />
                  <Code block tabIndex={0} className={styles.code ?? ''}>{conflict[side] === null || conflict[side] === undefined ? t('taken_away') : JSON.stringify(ownOf(conflict, side), null, 2)}</Code>
                </div>
              ))}
            </div>
          </Radio.Group>
        ))}
        <Group justify="flex-end">
          <Button loading={isBusy} onClick={() => { setIsBusy(true); void onResolve(choices).finally(() => setIsBusy(false)); }} data-testid="conflict-done">{t('go_on')}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** Of one side only what the other says otherwise. */
function ownOf(conflict: Conflict, side: Choice): unknown {
  const [own, other] = [conflict[side], conflict[side === 'mine' ? 'theirs' : 'mine']];
  if (!isRecord(own) || !isRecord(other)) return own;
  return Object.fromEntries(Object.entries(own).filter(([name, value]) => !isSame(value, other[name])));
}
