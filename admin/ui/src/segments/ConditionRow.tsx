/** One condition of a rule: its fields, for how many it holds alone, "not", and the way out. */
import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useWords } from '../i18n/useWords';
import styles from './Builder.module.css';
import { ConditionFields } from './ConditionFields';
import { isComplete, kindOf, type Draft, type DraftCondition } from './tree';

interface Props {
  draft: DraftCondition;
  /** How many the condition holds for alone, and in words; nothing while that is not known. */
  told: { contacts: number; words: string } | undefined;
  onChange: (change: (part: Draft) => Draft | null) => void;
}

export function ConditionRow({ draft, told, onChange }: Props) {
  const t = useWords('segments');
  const complete = isComplete(draft.condition);
  const kind = t(`kind_${kindOf(draft.condition)}`);
  return (
    <div className={styles.condition} data-incomplete={complete ? undefined : ''} data-testid="condition" role="group" aria-label={kind}>
      <div className={styles.fields}>
        <NotButton isOn={draft.negated} onToggle={() => onChange((part) => ({ ...part, negated: !part.negated }))} />
        <strong>{kind}</strong>
        <ConditionFields condition={draft.condition} onChange={(condition) => onChange((part) => ({ ...part, condition }) as Draft)} />
        {!complete && <span className={styles.told}>{t('fill_in')}</span>}
        {complete && told && <span className={styles.told}>{t('holds_for', { count: told.contacts, number: told.contacts })}</span>}
      </div>
      <div className={styles.actions}>
        <Tooltip label={t('remove_condition')}>
          <ActionIcon variant="subtle" color="gray" size={32} aria-label={`${t('remove_condition')}: ${kind}`} onClick={() => onChange(() => null)}>
            <IconTrash size={17} stroke={1.8} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </div>
    </div>
  );
}

export function NotButton({ isOn, onToggle }: { isOn: boolean; onToggle: () => void }) {
  const t = useWords('segments');
  return (
    <Button size="compact-sm" variant={isOn ? 'filled' : 'default'} aria-pressed={isOn} onClick={onToggle}>
      {t('not')}
    </Button>
  );
}
