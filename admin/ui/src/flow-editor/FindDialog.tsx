/** Finds a step by name, kind or words. What was found is marked on the canvas as well. */
import { Modal, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useMemo } from 'react';
import { useEditor } from './EditorContext';
import { findSteps } from './model/search';
import { useListKeys } from './useListKeys';
import { useEditorWords } from './words';
import styles from './editor.module.css';

interface Props {
  isOpen: boolean;
  wanted: string;
  onWant: (wanted: string) => void;
  onClose: () => void;
}

export function FindDialog({ isOpen, wanted, onWant, onClose }: Props) {
  const { t } = useEditorWords();
  return (
    <Modal opened={isOpen} onClose={onClose} title={t('find_step')} size="md" closeButtonProps={{ 'aria-label': t('close') }} returnFocus={false}>
      {isOpen && <Finds wanted={wanted} onWant={onWant} onClose={onClose} />}
    </Modal>
  );
}

function Finds({ wanted, onWant, onClose }: Omit<Props, 'isOpen'>) {
  const { document, goTo, notes } = useEditor();
  const { t, kind } = useEditorWords();
  const found = useMemo(() => findSteps(document, notes, wanted, kind), [document, kind, notes, wanted]);
  const choose = (step: string) => {
    onClose();
    goTo(step);
  };
  const { current, onKeyDown, listId } = useListKeys(found.length, (index) => { const one = found[index]; if (one) choose(one.step); });
  return (
    <>
      <TextInput
        data-autofocus aria-label={t('find_step')} placeholder={t('find_what')} value={wanted} role="combobox" aria-expanded={found.length > 0} aria-controls={listId}
        aria-autocomplete="list" aria-activedescendant={found[current] ? `${listId}-${current}` : undefined} data-testid="find"
        onChange={(event) => onWant(event.currentTarget.value)} onKeyDown={onKeyDown}
      />
      <Text size="xs" c="dimmed" mt={6} role="status">{wanted.trim() ? t('found', { count: found.length }) : ''}</Text>
      <div id={listId} role="listbox" aria-label={t('find_step')} className={styles.kinds}>
        {found.slice(0, 60).map((one, index) => (
          <UnstyledButton key={one.step} id={`${listId}-${index}`} role="option" aria-selected={index === current} tabIndex={-1} className={styles.kind ?? ''} onClick={() => choose(one.step)}>
            <span>
              <Text size="sm" fw={500} component="span" display="block">{one.step}</Text>
              {one.words && <Text size="xs" c="dimmed" component="span" display="block" lineClamp={1}>{one.words}</Text>}
            </span>
          </UnstyledButton>
        ))}
      </div>
    </>
  );
}
