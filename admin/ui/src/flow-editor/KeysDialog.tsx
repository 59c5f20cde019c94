/** The keys of the editor. */
import { Kbd, Modal, Table } from '@mantine/core';
import { useEditorWords } from './words';

const KEYS = [
  [['↑', '↓', '←', '→'], 'key_walk'], [['Home', 'End'], 'key_ends'], [['Enter'], 'key_open'], [['Space'], 'key_select'], [['A'], 'key_add'], [['C'], 'key_connect'],
  [['Delete'], 'key_delete'], [['Alt', '↑ ↓ ← →'], 'key_move'], [['Ctrl', 'Z'], 'key_undo'], [['Ctrl', 'Shift', 'Z'], 'key_redo'], [['Ctrl', 'C / X / V'], 'key_copy'],
  [['Ctrl', 'A'], 'key_all'], [['Ctrl', 'F'], 'key_find'], [['?'], 'key_help'],
] as const;

export function KeysDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useEditorWords();
  return (
    <Modal opened={isOpen} onClose={onClose} title={t('keys')} closeButtonProps={{ 'aria-label': t('close') }}>
      <Table>
        <Table.Tbody>
          {KEYS.map(([keys, words]) => (
            <Table.Tr key={words}>
              <Table.Th scope="row" w={190}>{keys.map((key) => <Kbd key={key} mr={4}>{key}</Kbd>)}</Table.Th>
              <Table.Td>{t(words)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
