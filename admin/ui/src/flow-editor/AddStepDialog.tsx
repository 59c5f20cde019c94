/** Which kind of step is added: found by typing, chosen by arrows and Enter. */
import { Modal, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useEditor } from './EditorContext';
import { iconOf } from './canvas/icons';
import { Meaning } from './panel/FieldInput';
import { useListKeys } from './useListKeys';
import { useEditorWords } from './words';
import styles from './editor.module.css';

interface Props {
  isOpen: boolean;
  after: string | null;
  onClose: () => void;
  onChoose: (kind: string) => void;
}

export function AddStepDialog({ isOpen, after, onClose, onChoose }: Props) {
  const { t } = useEditorWords();
  return (
    <Modal opened={isOpen} onClose={onClose} title={after === null ? t('add_step') : t('add_step_after', { step: after })} size="lg" closeButtonProps={{ 'aria-label': t('close') }}>
      {isOpen && <Kinds onChoose={onChoose} />}
    </Modal>
  );
}

function Kinds({ onChoose }: { onChoose: (kind: string) => void }) {
  const { kinds } = useEditor();
  const words = useEditorWords();
  const [wanted, setWanted] = useState('');
  const found = useMemo(() => {
    const sought = wanted.trim().toLowerCase();
    return [...kinds.values()].filter(({ kind, description, group }) => [words.kind(kind), kind, description, words.group(group)].some((text) => text.toLowerCase().includes(sought)));
  }, [kinds, wanted, words]);
  const { current, onKeyDown, listId } = useListKeys(found.length, (index) => { const one = found[index]; if (one) onChoose(one.kind); });
  const groups = [...new Set(found.map(({ group }) => group))];
  return (
    <>
      <TextInput
        data-autofocus aria-label={words.t('find_kind')} placeholder={words.t('find_kind')} value={wanted} role="combobox" aria-expanded aria-controls={listId} aria-autocomplete="list"
        aria-activedescendant={found[current] ? `${listId}-${current}` : undefined} data-testid="find-kind"
        onChange={(event) => setWanted(event.currentTarget.value)} onKeyDown={onKeyDown}
      />
      <div id={listId} role="listbox" aria-label={words.t('add_step')} className={styles.kinds}>
        {groups.map((group) => (
          <div key={group} role="group" aria-label={words.group(group)}>
            <Text size="xs" c="dimmed" fw={600} mt="sm" mb={4} aria-hidden>{words.group(group)}</Text>
            {found.map((kind, index) => kind.group === group && (
              <UnstyledButton
                key={kind.kind} id={`${listId}-${index}`} role="option" aria-selected={index === current} tabIndex={-1} className={styles.kind ?? ''} data-testid={`kind-${kind.kind}`}
                onClick={() => onChoose(kind.kind)}
              >
                <KindIcon group={group} />
                <span>
                  <Text size="sm" fw={500} component="span" display="block">{words.kind(kind.kind)}</Text>
                  <Text size="xs" c="dimmed" component="span" display="block"><Meaning text={kind.description.split('\n')[0] ?? ''} /></Text>
                </span>
              </UnstyledButton>
            ))}
          </div>
        ))}
      </div>
      {found.length === 0 && <Text size="sm" c="dimmed" mt="sm" role="status">{words.t('nothing_found')}</Text>}
    </>
  );
}

function KindIcon({ group }: { group: string }) {
  const Icon = iconOf(group);
  return <Icon size={18} stroke={1.7} aria-hidden />;
}
