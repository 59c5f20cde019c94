/** What the bot knows: the articles that are live, and how many examples each intent has. */
import { Button, Text, TextInput, Textarea } from '@mantine/core';
import { IconBook, IconPlus } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useNavigate } from 'react-router';
import { LANGUAGES } from '../i18n/i18n';
import { useLanguage } from '../i18n/useLanguage';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { ListLoading } from '../look/Loading';
import { Failure, Nothing, Refused } from '../look/Notices';
import { Panel, Sheet } from '../look/Panel';
import { safeLink, shortAddress } from '../look/safeLink';
import { languageName } from '../look/words';
import { useMay } from '../session/useMay';
import styles from './Knowledge.module.css';
import type { Live } from './types';
import { useLive, usePropose } from './useKnowledge';

export function Articles() {
  const t = useWords('knowledge');
  const live = useLive();
  const may = useMay();
  const [q, setQ] = useState('');
  const [isWriting, setWriting] = useState(false);
  if (live.isPending) return <Sheet><ListLoading what={t('articles')} /></Sheet>;
  if (!live.data) return <Sheet><Failure error={live.error} onRetry={() => void live.refetch()} isRetrying={live.isFetching} /></Sheet>;
  const wanted = q.trim().toLowerCase();
  const articles = live.data.articles.filter(({ title, text, questions }) => [title, text, ...questions].some((part) => part.toLowerCase().includes(wanted)));
  return (
    <>
      <div className={styles.tools}>
        <TextInput type="search" aria-label={t('find')} placeholder={t('find')} value={q} onChange={(event) => setQ(event.currentTarget.value)} flex={1} maw={360} />
        {may('knowledge.write') && <Button leftSection={<IconPlus size={16} aria-hidden />} aria-expanded={isWriting} onClick={() => setWriting(!isWriting)} data-testid="new-article">{t('way_new')}</Button>}
      </div>
      {isWriting && <NewArticle onDone={() => setWriting(false)} />}
      {articles.length === 0 ? (
        <Sheet><Nothing icon={IconBook} title={t('no_articles')}><Text c="dimmed" size="sm" maw={440}>{t('no_articles_hint')}</Text></Nothing></Sheet>
      ) : (
        <Sheet><ul className={styles.list} aria-label={t('articles')}>{articles.map((one) => <Article key={one.name} article={one} />)}</ul></Sheet>
      )}
      <Intents intents={live.data.intents} />
    </>
  );
}

function Article({ article }: { article: Live['articles'][number] }) {
  const t = useWords('knowledge');
  const link = safeLink(article.link);
  return (
    <li className={styles.article}>
      <details>
        <summary>{article.title} {article.language && <span className={styles.soft}>{languageName(article.language)}</span>}</summary>
        <p className="untrusted" lang={article.language ?? undefined}>{article.text}</p>
        {article.questions.length > 0 && <p className={styles.soft}>{t('also_asked')} {article.questions.join(' · ')}</p>}
        {link && <a href={link} rel="noreferrer" className={styles.more}>{shortAddress(link)}</a>}
      </details>
    </li>
  );
}

function Intents({ intents }: Pick<Live, 'intents'>) {
  const t = useWords('knowledge');
  if (intents.length === 0) return null;
  return (
    <Panel title={t('intents')} className={styles.after}>
      <ul className={styles.intents}>
        {intents.map(({ name, examples }) => (
          <li key={name}><code>{name}</code> <span className={styles.soft}>{Object.entries(examples).map(([language, count]) => `${language} ${count}`).join(' · ')}</span></li>
        ))}
      </ul>
    </Panel>
  );
}

function NewArticle({ onDone }: { onDone: () => void }) {
  const t = useWords('knowledge');
  const navigate = useNavigate();
  const propose = usePropose();
  const [language, setLanguage] = useState<string>(useLanguage());
  const [title, setTitle] = useState('');
  const [body, setBody] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wish = { kind: 'article' as const, target: '', language, texts: null, message_ids: [], group_id: null, title: title.trim(), body: body.trim() };
    propose.mutate(wish, { onSuccess: ({ id }) => void navigate(`/knowledge/proposals/${id}`) });
  };
  return (
    <Panel title={t('way_new')} className={styles.before}>
      <form onSubmit={submit} className={styles.mend}>
        <Choose label={t('language')} maw={240} value={language} choices={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))} onChange={setLanguage} />
        <TextInput label={t('article_title')} value={title} onChange={(event) => setTitle(event.currentTarget.value)} maxLength={200} data-testid="article-title" />
        <Textarea label={t('article_body')} description={t('article_body_hint')} value={body} onChange={(event) => setBody(event.currentTarget.value)} autosize minRows={5} maxLength={50_000} data-testid="article-body" />
        <Refused error={propose.error} />
        <div className={styles.bar}>
          <Button type="submit" disabled={!title.trim() || !body.trim()} loading={propose.isPending} data-testid="propose">{t('propose')}</Button>
          <Button variant="default" onClick={onDone}>{t('cancel')}</Button>
          <span className={styles.soft}>{t('propose_hint')}</span>
        </div>
      </form>
    </Panel>
  );
}
