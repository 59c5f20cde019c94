/** All words of a step at once: languages side by side, channels below each other. */
import { Modal, Table } from '@mantine/core';
import { Fragment } from 'react';
import { languageName } from '../../look/words';
import { useEditor } from '../EditorContext';
import { isRecord, type Step } from '../model/document';
import { withWording, wordingOf } from '../model/editing';
import { CHANNELS } from '../model/texts';
import { useEditorWords } from '../words';
import { Previews } from './Previews';
import { TextField, type WordingPart } from './WordingFields';
import styles from './panel.module.css';

interface Props {
  step: Step;
  parts: readonly WordingPart[];
  isOpen: boolean;
  onClose: () => void;
}

export function WordingTable({ step, parts, isOpen, onClose }: Props) {
  const { document, edit, isJourney, languages, mayWrite } = useEditor();
  const { t, value: valueWords } = useEditorWords();
  return (
    <Modal opened={isOpen} onClose={onClose} size="min(1180px, 94vw)" title={t('words_of', { step: step.id })} closeButtonProps={{ 'aria-label': t('close') }}>
      {isOpen && (
        <>
          {!isJourney && <Previews step={step} />}
          <Table.ScrollContainer minWidth={220 + languages.length * 240}>
            <Table verticalSpacing="xs" className={styles.table ?? ''} data-testid="wording-table">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th scope="col">{t('part')}</Table.Th>
                  {languages.map((language) => <Table.Th key={language} scope="col">{languageName(language)}</Table.Th>)}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {parts.filter((part) => !part.isList).map((part) => (
                  <Fragment key={part.path.join('.')}>
                    {(['default', ...CHANNELS] as const).map((channel) => (
                      <Table.Tr key={channel}>
                        <Table.Th scope="row" className={channel === 'default' ? '' : styles.inner ?? ''}>{channel === 'default' ? part.name : valueWords(channel)}</Table.Th>
                        {languages.map((language) => {
                          const value = part.path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), wordingOf(document, language, step.id));
                          return (
                            <Table.Td key={language}>
                              <TextField
                                isLabelHidden label={`${part.name}, ${valueWords(channel)}, ${languageName(language)}`} channel={channel} value={value} disabled={!mayWrite}
                                onChange={(next) => edit(withWording(document, language, step.id, part.path, next), `words:${language}:${step.id}:${part.path.join('.')}:${channel}`)}
                              />
                            </Table.Td>
                          );
                        })}
                      </Table.Tr>
                    ))}
                  </Fragment>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </>
      )}
    </Modal>
  );
}
