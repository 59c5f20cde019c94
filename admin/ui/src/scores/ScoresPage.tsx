/** The rules of scores: what earns points, from which score somebody is hot, and who would move if they were others. */
import { Alert, Button, NumberInput } from '@mantine/core';
import { useState } from 'react';
import { APIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { Failure, Refused } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Panel, Sheet } from '../look/Panel';
import { stageName } from '../look/words';
import { useMay } from '../session/useMay';
import { isWhole, withRule } from './book';
import { NewRule } from './NewRule';
import { PreviewPanel } from './PreviewPanel';
import { RuleRow } from './RuleRow';
import styles from './Scores.module.css';
import type { Book, ScoreRules } from './types';
import { usePreviewRules, useSaveRules, useScoreRules } from './useScoreRules';

export function ScoresPage() {
  const t = useWords('scores');
  const rules = useScoreRules();
  return (
    <>
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      {rules.isPending && <Sheet><ListLoading what={t('title')} /></Sheet>}
      {rules.isError && !rules.data && <Sheet><Failure error={rules.error} onRetry={() => void rules.refetch()} isRetrying={rules.isFetching} /></Sheet>}
      {/* A key with the number, so that rules that others saved are seen and not written over. */}
      {rules.data && <Editor key={rules.data.number} rules={rules.data} onReload={() => void rules.refetch()} />}
    </>
  );
}

function Editor({ rules, onReload }: { rules: ScoreRules; onReload: () => void }) {
  const t = useWords('scores');
  const may = useMay()('scores.write');
  const [book, setBook] = useState<Book>(rules.book);
  const [isAdding, setAdding] = useState(false);
  const preview = usePreviewRules();
  const save = useSaveRules(rules);
  const isChanged = JSON.stringify(book) !== JSON.stringify(rules.book);
  const change = (next: Book) => { setBook(next); preview.forget(); };
  const isOutOfDate = save.error instanceof APIError && save.error.status === 409;
  return (
    <div className={styles.panels}>
      {rules.left > 0 && <Alert bg="var(--cold-soft)" role="status" data-testid="being-counted">{t('left', { count: rules.left, number: rules.left })}</Alert>}
      <Bands book={book} mayChange={may} onChange={change} />
      {Object.entries(book.scores ?? {}).map(([name, { title }]) => (
        <Panel key={name} title={title}>
          <ul className={styles.list} aria-label={title}>
            {book.rules.filter(({ score }) => score === name).map((rule) => (
              <RuleRow key={rule.id} rule={rule} mayChange={may} onChange={(changed) => change(withRule(book, rule.id, () => changed))} />
            ))}
          </ul>
        </Panel>
      ))}
      {may && (isAdding ? <NewRule book={book} onAdd={(rule) => { change({ ...book, rules: [...book.rules, rule] }); setAdding(false); }} onCancel={() => setAdding(false)} /> : (
        <div><Button variant="default" onClick={() => setAdding(true)} data-testid="new-rule">{t('new_rule')}</Button></div>
      ))}
      {may && (
        <Panel title={t('try')}>
          <p className={styles.soft}>{t(isChanged ? 'try_hint' : 'unchanged')}</p>
          <PreviewPanel preview={preview.soFar} isBusy={preview.isPending} error={preview.error} />
          <div className={styles.bar}>
            <Button variant="default" disabled={!isChanged || !isWhole(book)} loading={preview.isPending} onClick={() => preview.mutate(book)} data-testid="preview-rules">{t('who_would_move')}</Button>
            <Button disabled={!isChanged || !isWhole(book)} loading={save.isPending} onClick={() => save.mutate(book)} data-testid="save-rules">{t('save')}</Button>
            {isChanged && <Button variant="subtle" color="var(--accent)" onClick={() => change(rules.book)}>{t('discard')}</Button>}
          </div>
          <Refused error={save.error} mt="md" testId="form-error">
            {isOutOfDate && <div><Button variant="default" size="compact-sm" mt="sm" onClick={onReload}>{t('load_theirs')}</Button></div>}
          </Refused>
        </Panel>
      )}
    </div>
  );
}

function Bands({ book, mayChange, onChange }: { book: Book; mayChange: boolean; onChange: (book: Book) => void }) {
  const t = useWords('scores');
  const field = (label: string, value: number, set: (value: number) => void) => (
    <NumberInput key={label} label={label} w={170} value={Number.isFinite(value) ? value : ''} allowDecimal={false} hideControls disabled={!mayChange} onChange={(said) => set(typeof said === 'number' ? said : NaN)} />
  );
  return (
    <Panel title={t('bands')}>
      <p className={styles.soft}>{t('bands_hint')}</p>
      <div className={styles.bar}>
        {field(t('hot_from'), book.bands.hot, (hot) => onChange({ ...book, bands: { ...book.bands, hot } }))}
        {field(t('warm_from'), book.bands.warm, (warm) => onChange({ ...book, bands: { ...book.bands, warm } }))}
        {book.stages.map((one, at) => field(t('stage_from', { stage: stageName(one.stage) }), one.at_least, (least) => onChange({
          ...book, stages: book.stages.map((old, place) => (place === at ? { ...old, at_least: least } : old)),
        })))}
      </div>
    </Panel>
  );
}
