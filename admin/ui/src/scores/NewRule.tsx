/** Writes a new rule: points for what is known of somebody, or for what they did. */
import { Button, NumberInput, SegmentedControl, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { Panel } from '../look/Panel';
import { plainWords } from '../look/words';
import { useVocabulary } from '../segments/useSegments';
import { newRuleId } from './book';
import styles from './Scores.module.css';
import type { Book, FactIs, Rule } from './types';

interface Props {
  book: Book;
  onAdd: (rule: Rule) => void;
  onCancel: () => void;
}

/** Facts that only scores know, beside the fields of contacts. */
const FACTS = ['email_kind', 'phone_known', 'days_active', 'language', 'consent_marketing_email', 'company_employees'];
const OPS = ['is', 'is_not', 'at_least', 'at_most', 'known', 'unknown'] as const;
type Op = (typeof OPS)[number];

export function NewRule({ book, onAdd, onCancel }: Props) {
  const t = useWords('scores');
  const { fields, events } = useVocabulary();
  const [of, setOf] = useState<'event' | 'fact'>('event');
  const [score, setScore] = useState(Object.keys(book.scores ?? {})[0] ?? 'fit');
  const [points, setPoints] = useState<number>(5);
  const [reason, setReason] = useState('');
  const [event, setEvent] = useState('page_viewed');
  const [within, setWithin] = useState<number | null>(30);
  const [times, setTimes] = useState<'each' | 'once'>('once');
  const [halfLife, setHalfLife] = useState<number | null>(null);
  const [fact, setFact] = useState('company');
  const [op, setOp] = useState<Op>('known');
  const [value, setValue] = useState('');

  const condition = factCondition(fact, op, value);
  const isReady = Number.isInteger(points) && points !== 0 && reason.trim() !== '' && (of === 'event' || condition !== null);
  const add = (submitted: FormEvent) => {
    submitted.preventDefault();
    const common = { id: newRuleId(reason, book.rules), score, group: null, points, reason: reason.trim() };
    if (of === 'fact') onAdd({ ...common, when: condition, did: null, half_life: null });
    else onAdd({ ...common, when: null, half_life: halfLife, did: { event, where: [], within, at_least: 1, at_most: 1000, times } });
  };
  const facts = [...fields.map(({ name, label }) => ({ value: name, label })), ...FACTS.map((name) => ({ value: name, label: plainWords(name) }))];
  return (
    <Panel title={t('new_rule')}>
      <form onSubmit={add} className={styles.form}>
        <SegmentedControl aria-label={t('points_for')} value={of} onChange={(said) => setOf(said === 'fact' ? 'fact' : 'event')} data={[{ value: 'event', label: t('for_event') }, { value: 'fact', label: t('for_fact') }]} />
        <div className={styles.bar}>
          {of === 'event' ? (
            <>
              <Choose label={t('event')} value={event} choices={events.map(({ name, title }) => ({ value: name, label: title }))} onChange={setEvent} />
              <Choose label={t('times')} value={times} choices={[{ value: 'once', label: t('once') }, { value: 'each', label: t('each') }]} onChange={setTimes} />
              <NumberInput label={t('within_days')} w={130} min={1} max={3650} hideControls value={within ?? ''} onChange={(said) => setWithin(typeof said === 'number' ? said : null)} />
              <NumberInput label={t('half_life_days')} w={150} min={1} max={3650} hideControls value={halfLife ?? ''} onChange={(said) => setHalfLife(typeof said === 'number' ? said : null)} />
            </>
          ) : (
            <>
              <Choose label={t('fact')} value={fact} choices={facts} onChange={setFact} />
              <Choose label={t('comparison')} value={op} choices={OPS.map((one) => ({ value: one, label: t(`op_${one}`) }))} onChange={setOp} />
              {op !== 'known' && op !== 'unknown' && <TextInput label={t('value')} value={value} onChange={(changed) => setValue(changed.currentTarget.value)} />}
            </>
          )}
        </div>
        <div className={styles.bar}>
          <Choose label={t('counts_for')} value={score} choices={Object.entries(book.scores ?? {}).map(([name, { title }]) => ({ value: name, label: title }))} onChange={setScore} />
          <NumberInput label={t('points')} w={110} min={-100} max={100} allowDecimal={false} hideControls value={Number.isFinite(points) ? points : ''} onChange={(said) => setPoints(typeof said === 'number' ? said : NaN)} data-testid="rule-points" />
          <TextInput label={t('reason')} description={t('reason_hint')} value={reason} maxLength={300} flex={1} miw={240} onChange={(changed) => setReason(changed.currentTarget.value)} data-testid="rule-reason" />
        </div>
        <div className={styles.bar}>
          <Button type="submit" disabled={!isReady} data-testid="add-rule">{t('add')}</Button>
          <Button variant="default" onClick={onCancel}>{t('cancel')}</Button>
        </div>
      </form>
    </Panel>
  );
}

/** The condition as the API takes it; null while its value is missing. Numbers are numbers, yes and no are truths. */
function factCondition(fact: string, op: Op, value: string): FactIs | null {
  if (op === 'known' || op === 'unknown') return { fact, op, value: null };
  const said = value.trim();
  if (op === 'at_least' || op === 'at_most') return said !== '' && Number.isFinite(Number(said)) ? { fact, op, value: Number(said) } : null;
  if (said === '') return null;
  if (said === 'true' || said === 'false') return { fact, op, value: said === 'true' };
  return { fact, op, value: said };
}
