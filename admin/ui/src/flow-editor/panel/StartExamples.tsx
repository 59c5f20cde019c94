/** What visitors may say to start the flow, a sentence a line, in each of its languages. The bot learns them when it is published. */
import { Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { languageName } from '../../look/words';
import { useEditor } from '../EditorContext';
import { isRecord, withValueAt } from '../model/document';
import { linesOf } from '../model/texts';
import { useEditorWords } from '../words';
import { Section } from './Section';

const SETTING = 'start_examples';
/** As the checker has it. */
const FEWEST = 5;

export function StartExamples({ problem }: { problem: string | undefined }) {
  const { document, edit, languages, mayWrite } = useEditor();
  const { t } = useEditorWords();
  const given = isRecord(document.settings[SETTING]) ? document.settings[SETTING] : {};
  const shown = [...new Set([...languages, ...Object.keys(given)])];
  const change = (language: string, lines: readonly string[]) => {
    const next = withValueAt(given, [language], lines.length > 0 ? lines : undefined) as Record<string, unknown>;
    edit({ ...document, settings: withValueAt(document.settings, [SETTING], Object.keys(next).length > 0 ? next : undefined) as typeof document.settings }, `setting:${SETTING}`);
  };
  return (
    <Section title={t('start_examples')}>
      <Stack gap="xs" data-testid="start-examples">
        <Text size="xs" c="dimmed">{t('start_examples_why', { count: FEWEST })}</Text>
        {shown.map((language) => (
          <Sentences key={language} language={language} lines={listOf(given[language])} disabled={!mayWrite} onChange={(lines) => change(language, lines)} />
        ))}
        {problem && <Text size="xs" c="var(--bad)" role="alert" lang="en">{problem}</Text>}
      </Stack>
    </Section>
  );
}

function Sentences({ language, lines, disabled, onChange }: { language: string; lines: readonly string[]; disabled: boolean; onChange: (lines: readonly string[]) => void }) {
  const { t } = useEditorWords();
  const [typed, setTyped] = useState('');
  // An empty line that is being begun is no sentence yet; what was undone or written by others is shown as it is.
  const isTyped = linesOf(typed).join('\n') === lines.join('\n');
  return (
    <Textarea
      label={t('start_examples_in', { language: languageName(language) })} lang={language} autosize minRows={3} maxRows={14} disabled={disabled}
      placeholder={t('start_examples_such_as')} value={isTyped ? typed : lines.join('\n')}
      onChange={(event) => { setTyped(event.currentTarget.value); onChange(linesOf(event.currentTarget.value)); }}
    />
  );
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
