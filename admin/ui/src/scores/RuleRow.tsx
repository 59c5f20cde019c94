/** One rule: its points, the reason people read, and what it asks. */
import { ActionIcon, NumberInput, Textarea } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useWords } from '../i18n/useWords';
import { plainWords } from '../look/words';
import { conditionInWords } from './book';
import styles from './Scores.module.css';
import type { Rule } from './types';

interface Props {
  rule: Rule;
  mayChange: boolean;
  onChange: (rule: Rule | null) => void;
}

export function RuleRow({ rule, mayChange, onChange }: Props) {
  const t = useWords('scores');
  return (
    <li className={styles.rule} data-testid="score-rule" data-rule={rule.id}>
      <NumberInput
        aria-label={`${t('points')}: ${rule.reason}`} w={78} min={-100} max={100} allowDecimal={false} hideControls value={Number.isFinite(rule.points) ? rule.points : ''} disabled={!mayChange}
        onChange={(points) => onChange({ ...rule, points: typeof points === 'number' ? points : NaN })}
      />
      <div className={styles.what}>
        <Textarea autosize minRows={1} aria-label={t('reason')} value={rule.reason} maxLength={300} disabled={!mayChange} onChange={(event) => onChange({ ...rule, reason: event.currentTarget.value })} />
        <div className={styles.soft}><Asks rule={rule} /></div>
      </div>
      {mayChange && (
        <ActionIcon variant="subtle" color="gray" size={34} aria-label={t('remove', { reason: rule.reason })} onClick={() => onChange(null)}>
          <IconTrash size={17} stroke={1.8} aria-hidden />
        </ActionIcon>
      )}
    </li>
  );
}

function Asks({ rule: { when, did, half_life: halfLife, group } }: { rule: Rule }) {
  const t = useWords('scores');
  const words = { and: t('and'), or: t('or'), not: t('not'), op: (op: string) => t(`op_${op as 'is'}`) };
  const parts = [
    when ? conditionInWords(when, words) : null,
    did ? plainWords(did.event) : null,
    did?.where.length ? did.where.map((one) => `${plainWords(one.property)} ${words.op(one.op)} ${String(one.value ?? '')}`).join(`, `) : null,
    did ? t(did.times === 'once' ? 'once' : 'each') : null,
    did && did.at_least > 1 ? t('from_times', { count: did.at_least }) : null,
    did?.within ? t('within', { count: did.within }) : null,
    halfLife ? t('half_life', { count: halfLife }) : null,
    group ? t('group', { group: plainWords(group) }) : null,
  ];
  return <>{parts.filter(Boolean).join(' · ')}</>;
}
