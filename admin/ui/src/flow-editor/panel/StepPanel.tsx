/** All of one step: what it says, its settings, where it goes on to, and what colleagues noted. */
import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconCopyPlus, IconLanguage, IconTrash } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useEditor } from '../EditorContext';
import type { Step } from '../model/document';
import { withChoices } from '../model/choices';
import { NAME, renameStep, withField } from '../model/editing';
import { fieldsOf } from '../model/fields';
import { goesOn, waysInto, waysOf } from '../model/ways';
import type { Problem } from '../shapes';
import { useEditorWords } from '../words';
import { FieldInput, Meaning } from './FieldInput';
import { LetterPreviews } from './LetterPreviews';
import { StepNotes } from './StepNotes';
import { Previews } from './Previews';
import { Section } from './Section';
import { WaysFields } from './WaysFields';
import { partsOfWording, WordingFields } from './WordingFields';
import { WordingTable } from './WordingTable';
import styles from './panel.module.css';

interface Props {
  step: Step;
  onRenamed: (name: string) => void;
  onRemove: () => void;
  onDuplicate: () => void;
}

export function StepPanel({ step, onRenamed, onRemove, onDuplicate }: Props) {
  const editor = useEditor();
  const words = useEditorWords();
  const { t } = words;
  const [isTableOpen, setIsTableOpen] = useState(false);
  const kind = editor.kinds.get(step.step);
  const fields = useMemo(() => (kind ? fieldsOf(kind.schema, editor.definitions, step.step) : []), [kind, editor.definitions, step.step]);
  const parts = kind ? partsOfWording(step, kind.wording, words) : [];
  const problems = editor.problems.filter((problem) => problem.step === step.id);
  const set = (name: string, value: unknown) => {
    const changed = name === 'choices' && Array.isArray(value) ? withChoices(editor.document, step.id, value.map(String)) : withField(editor.document, step.id, [name], value);
    editor.edit(changed, `field:${step.id}:${name}`);
  };
  const about = (field: string) => problems.find((problem) => problem.language === null && problem.field?.split('.')[0] === field)?.problem;
  return (
    <Stack gap="md" data-testid="step-panel">
      <div>
        <Text size="xs" c="dimmed">{words.kind(step.step)}</Text>
        <StepName key={step.id} step={step} onRenamed={onRenamed} />
        {kind && <Text size="xs" c="dimmed" mt={4}><Meaning text={kind.description.split('\n')[0] ?? ''} /></Text>}
      </div>
      {problems.length > 0 && <StepProblems problems={problems} />}
      {parts.length > 0 && (
        <Section
          title={t('says')}
          aside={<Button size="compact-xs" variant="subtle" leftSection={<IconLanguage size={14} aria-hidden />} onClick={() => setIsTableOpen(true)}>{t('all_languages')}</Button>}
        >
          <WordingFields key={`${step.id}:${editor.language}`} step={step} parts={parts} />
        </Section>
      )}
      {fields.length > 0 && (
        <Section title={t('settings')}>
          <Stack gap="sm">
            {fields.map(({ name, field, isRequired, meaning, default: otherwise }) => (
              <FieldInput
                key={`${step.id}:${name}`} name={name} label={words.field(name)} meaning={meaning} field={field} value={step[name]} otherwise={otherwise} isRequired={isRequired}
                problem={about(name)} onChange={(value) => set(name, value)}
              />
            ))}
          </Stack>
        </Section>
      )}
      {goesOn(step) && <Section title={t('ways_on')}><WaysFields step={step} /></Section>}
      <Connections step={step} />
      {parts.length > 0 && <Section title={t('previews')}>{editor.isJourney ? <LetterPreviews key={step.id} step={step} /> : <Previews step={step} />}</Section>}
      <Section title={t('notes')}><StepNotes step={step.id} /></Section>
      {editor.mayWrite && (
        <Group gap="xs" className={styles.foot ?? ''}>
          <Button size="xs" variant="default" leftSection={<IconCopyPlus size={15} aria-hidden />} onClick={onDuplicate}>{t('duplicate')}</Button>
          <Button size="xs" variant="default" c="var(--bad)" leftSection={<IconTrash size={15} aria-hidden />} onClick={onRemove} data-testid="remove-step">{t('delete_step')}</Button>
        </Group>
      )}
      <WordingTable step={step} parts={parts} isOpen={isTableOpen} onClose={() => setIsTableOpen(false)} />
    </Stack>
  );
}

/** The name of the step; taken over when it is one, and free. */
function StepName({ step, onRenamed }: { step: Step; onRenamed: (name: string) => void }) {
  const { document, edit, mayWrite } = useEditor();
  const { t } = useEditorWords();
  const [typed, setTyped] = useState(step.id);
  const isTaken = typed !== step.id && document.steps.some(({ id }) => id === typed);
  const error = !NAME.test(typed) ? t('name_rule') : isTaken ? t('name_taken') : undefined;
  const take = () => {
    if (error || typed === step.id) return;
    edit(renameStep(document, step.id, typed));
    onRenamed(typed);
  };
  return (
    <TextInput
      label={t('step_name')} value={typed} disabled={!mayWrite} error={error} data-testid="step-name"
      onChange={(event) => setTyped(event.currentTarget.value)} onBlur={take} onKeyDown={(event) => event.key === 'Enter' && take()}
    />
  );
}

function StepProblems({ problems }: { problems: readonly Problem[] }) {
  const { t } = useEditorWords();
  return (
    <ul className={styles.problems} aria-label={t('problems_here')}>
      {problems.map((problem, index) => (
        <li key={index}>
          <Text size="sm" fw={600} component="p" lang="en">{problem.problem}</Text>
          <Text size="xs" component="p" lang="en">{problem.remedy}</Text>
        </li>
      ))}
    </ul>
  );
}

/** Steps before and after, to go to: the way along the flow without the canvas. */
function Connections({ step }: { step: Step }) {
  const { document, goTo } = useEditor();
  const { t } = useEditorWords();
  const ways = useMemo(() => waysOf(document.steps), [document.steps]);
  const before = [...new Set((waysInto(ways).get(step.id) ?? []).map((way) => way.from))];
  const after = [...new Set((ways.get(step.id) ?? []).map((way) => way.to))];
  const list = (names: readonly string[]) => names.map((name) => <Button key={name} size="compact-xs" variant="light" color="gray" c="var(--ink)" onClick={() => goTo(name)}>{name}</Button>);
  if (before.length + after.length === 0) return null;
  return (
    <Section title={t('neighbours')}>
      {before.length > 0 && <Group gap={6} mb={6}><Text size="xs" c="dimmed" w={64}>{t('before')}</Text>{list(before)}</Group>}
      {after.length > 0 && <Group gap={6}><Text size="xs" c="dimmed" w={64}>{t('after')}</Text>{list(after)}</Group>}
    </Section>
  );
}
