/** Makes a proposal of messages: examples of an intent, questions of an article, or a new article. */
import { Button, Checkbox, SegmentedControl, TextInput, Textarea } from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { APIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { Refused } from '../look/Notices';
import styles from './Knowledge.module.css';
import type { Gap, GapGroup, Wish } from './types';
import { useLive, usePropose } from './useKnowledge';

type Way = 'intent' | 'article' | 'new';
const WAYS: readonly Way[] = ['intent', 'article', 'new'];

interface Props {
  group: GapGroup;
  gaps: readonly Gap[];
  more: ReactNode;
  onDone: () => void;
}

export function MendForm({ group, gaps, more, onDone }: Props) {
  const t = useWords('knowledge');
  const navigate = useNavigate();
  const live = useLive();
  const propose = usePropose();
  const [chosen, setChosen] = useState<readonly string[]>(() => gaps.map((gap) => gap.message_id));
  const [way, setWay] = useState<Way>('intent');
  const [target, setTarget] = useState({ intent: group.nearest_intent ?? '', article: '' });
  const [title, setTitle] = useState('');
  const [body, setBody] = useState('');
  const [texts, setTexts] = useState<string | null>(null);

  const words = gaps.filter((gap) => chosen.includes(gap.message_id)).map((gap) => gap.text.replace(/\s+/g, ' ').trim());
  const lines = texts ?? [...new Set(words)].join('\n');
  const isReady = chosen.length > 0 && (way === 'new' ? title.trim() !== '' && body.trim() !== '' : target[way] !== '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wish: Wish = {
      kind: way === 'intent' ? 'intent' : 'article', target: way === 'new' ? '' : target[way], language: group.language,
      texts: lines.split('\n').map((line) => line.trim()).filter(Boolean), message_ids: [...chosen], group_id: group.id,
      title: way === 'new' ? title.trim() : null, body: way === 'new' ? body.trim() : null,
    };
    propose.mutate(wish, { onSuccess: ({ id }) => void navigate(`/knowledge/proposals/${id}`) });
  };
  const intents = (live.data?.intents ?? []).map(({ name, examples }) => ({ value: name, label: `${name} (${examples[group.language] ?? 0})` }));
  const articles = (live.data?.articles ?? []).map(({ name, title: label, language }) => ({ value: name, label: language ? `${label} (${language})` : label }));
  return (
    <form onSubmit={submit} className={styles.mend}>
      <fieldset className={styles.messages}>
        <legend>{t('which')}</legend>
        {gaps.map((gap) => (
          <Checkbox
            key={gap.message_id} checked={chosen.includes(gap.message_id)} label={<span className="untrusted" dir="auto">{gap.text}</span>}
            onChange={(event) => { setTexts(null); setChosen(event.currentTarget.checked ? [...chosen, gap.message_id] : chosen.filter((id) => id !== gap.message_id)); }}
          />
        ))}
        {more}
      </fieldset>
      <div>
        <SegmentedControl
          aria-label={t('way')} value={way} onChange={(said) => setWay(WAYS.find((one) => one === said) ?? 'intent')} fullWidth
          data={WAYS.map((value) => ({ value, label: t(`way_${value}`) }))} data-testid="mend-way"
        />
        <p className={styles.soft}>{t(`way_${way}_hint`)}</p>
      </div>
      {way === 'intent' && <Choose label={t('intent')} value={target.intent} choices={[{ value: '', label: '…' }, ...intents]} onChange={(intent) => setTarget({ ...target, intent })} data-testid="mend-intent" />}
      {way === 'article' && <Choose label={t('article')} value={target.article} choices={[{ value: '', label: '…' }, ...articles]} onChange={(article) => setTarget({ ...target, article })} data-testid="mend-article" />}
      {way === 'new' && (
        <>
          <TextInput label={t('article_title')} value={title} onChange={(event) => setTitle(event.currentTarget.value)} maxLength={200} />
          <Textarea label={t('article_body')} description={t('article_body_hint')} value={body} onChange={(event) => setBody(event.currentTarget.value)} autosize minRows={5} maxLength={50_000} />
        </>
      )}
      <Textarea label={t('texts')} description={t('texts_hint')} value={lines} onChange={(event) => setTexts(event.currentTarget.value)} autosize minRows={3} lang={group.language} />
      <Refused error={propose.error} testId="form-error"><WrongTexts error={propose.error} /></Refused>
      <div className={styles.bar}>
        <Button type="submit" disabled={!isReady} loading={propose.isPending} data-testid="propose">{t('propose')}</Button>
        <Button variant="default" onClick={onDone}>{t('cancel')}</Button>
        <span className={styles.soft}>{t('propose_hint')}</span>
      </div>
    </form>
  );
}

/** Texts that cannot be taken are told one by one. */
function WrongTexts({ error }: { error: Error | null }) {
  const fields = error instanceof APIError ? Object.entries(error.fields) : [];
  return fields.length > 0 && <ul>{fields.map(([field, message]) => <li key={field}>{message}</li>)}</ul>;
}
