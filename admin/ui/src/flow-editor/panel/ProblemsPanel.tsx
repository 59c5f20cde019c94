/** What the checker says, each with what to do; a click leads to the step. */
import { Stack, Text, UnstyledButton } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { languageName } from '../../look/words';
import { Nothing } from '../../look/Notices';
import { useEditor } from '../EditorContext';
import type { Problem } from '../shapes';
import { useEditorWords } from '../words';
import styles from './panel.module.css';

/** `isChecking`: what is written has not been looked at yet. */
export function ProblemsPanel({ isChecking, onSettings }: { isChecking: boolean; onSettings: () => void }) {
  const { problems } = useEditor();
  const { t } = useEditorWords();
  if (problems.length === 0) {
    return isChecking ? <Text size="sm" c="dimmed" role="status">{t('checking')}</Text>
      : <Nothing icon={IconCircleCheck} title={t('no_problems')}><Text size="sm" c="dimmed">{t('no_problems_why')}</Text></Nothing>;
  }
  return (
    <Stack gap={6} component="ul" className={styles.plain ?? ''} aria-busy={isChecking} data-testid="problems">
      {problems.map((problem, index) => <li key={index}><ProblemRow problem={problem} onSettings={onSettings} /></li>)}
    </Stack>
  );
}

export function ProblemRow({ problem, onSettings }: { problem: Problem; onSettings: () => void }) {
  const { document, goTo } = useEditor();
  const { t } = useEditorWords();
  const { step } = problem;
  const isHere = step !== null && document.steps.some(({ id }) => id === step);
  const where = [step ?? t('whole'), problem.field, problem.language && languageName(problem.language)].filter(Boolean).join(' · ');
  return (
    <UnstyledButton className={styles.problem ?? ''} data-testid="problem" onClick={() => (isHere ? goTo(step) : onSettings())}>
      <Text size="xs" fw={600} c="var(--bad)">{where}</Text>
      <Text size="sm" lang="en">{problem.problem}</Text>
      <Text size="xs" c="dimmed" lang="en">{problem.remedy}</Text>
    </UnstyledButton>
  );
}
