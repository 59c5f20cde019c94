/** What holds for the whole: its name, when it starts, its slots. Made from the schema of its settings. */
import { Stack, Text } from '@mantine/core';
import { useEditor } from '../EditorContext';
import { withValueAt } from '../model/document';
import { fieldsOf, type Schema } from '../model/fields';
import { useEditorWords } from '../words';
import { FieldInput } from './FieldInput';
import { Section } from './Section';
import { StartExamples } from './StartExamples';
import { StepNotes } from './StepNotes';

/** Names of flows and journeys are those of their folders. */
const NOT_HERE = new Set(['flow', 'journey', 'steps', 'start_examples']);

export function SettingsPanel({ schema }: { schema: Schema }) {
  const { definitions, document, edit, isJourney, problems } = useEditor();
  const { t, field: fieldWords } = useEditorWords();
  const fields = fieldsOf(schema, definitions, isJourney ? 'journey' : 'flow').filter(({ name }) => !NOT_HERE.has(name));
  const about = (field: string) => problems.find((problem) => problem.step === null && problem.field?.split('.')[0] === field)?.problem;
  return (
    <Stack gap="md" data-testid="settings-panel">
      <Text size="sm" c="dimmed">{isJourney ? t('journey_settings_why') : t('flow_settings_why')}</Text>
      {!isJourney && <StartExamples problem={about('start_examples')} />}
      <Stack gap="sm">
        {fields.map(({ name, field, isRequired, meaning, default: otherwise }) => (
          <FieldInput
            key={name} name={name} label={fieldWords(name)} meaning={meaning} field={field} value={document.settings[name]} otherwise={otherwise} isRequired={isRequired}
            problem={about(name)} onChange={(value) => edit({ ...document, settings: withValueAt(document.settings, [name], value) }, `setting:${name}`)}
          />
        ))}
      </Stack>
      <Section title={t('notes_whole')}><StepNotes step={null} /></Section>
    </Stack>
  );
}
