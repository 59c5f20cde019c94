/** What a proposal changes, before and after, with what gets worse first. Shows only what was measured. */
import { useWords } from '../i18n/useWords';
import { Tag } from '../look/Tag';
import { beforeAndAfter } from './figures';
import styles from './Knowledge.module.css';
import type { ArticleEffect, IntentEffect } from './types';

export function IntentEffectView({ effect }: { effect: IntentEffect }) {
  const t = useWords('knowledge');
  const { before, after } = effect;
  return (
    <div data-testid="effect">
      <Figures
        rows={[
          [t('examples'), String(before.examples), String(after.examples), 0],
          [t('accuracy'), ...beforeAndAfter(before.accuracy, after.accuracy)],
          [t('macro_f1'), ...beforeAndAfter(before.macro_f1, after.macro_f1)],
          [t('held_out'), share(before.held_out_right, before.held_out_of), share(after.held_out_right, after.held_out_of), (after.held_out_right ?? 0) - (before.held_out_right ?? 0)],
        ]}
      />
      {effect.intents.length > 0 && (
        <>
          <h3 className={styles.small}>{t('by_intent')}</h3>
          <Figures rows={effect.intents.map((one) => [`${one.intent} (${one.language})`, ...beforeAndAfter(one.f1_before, one.f1_after)])} />
        </>
      )}
      <Texts title={t('newly_wrong')} tone="bad" texts={effect.newly_wrong.map(({ text, intent, found }) => `${text} → ${found} (${intent})`)} />
      <Texts title={t('newly_right')} tone="good" texts={effect.newly_right.map(({ text, intent }) => `${text} → ${intent}`)} />
    </div>
  );
}

export function ArticleEffectView({ effect }: { effect: ArticleEffect }) {
  const t = useWords('knowledge');
  const before = effect.evaluation_before;
  const after = effect.evaluation_after;
  return (
    <div data-testid="effect">
      <h3 className={styles.small}>{t('tried')}</h3>
      <ul className={styles.texts}>
        {effect.texts.map((one, at) => (
          <li key={one.message_id ?? at}>
            <span className="untrusted" dir="auto">{one.text ?? t('words_gone')}</span>
            <div className={styles.soft}>
              {one.before.answered ? one.before.article : t('no_answer')} → <Tag tone={one.after.answered ? 'good' : 'plain'}>{one.after.answered ? one.after.article : t('no_answer')}</Tag>
            </div>
          </li>
        ))}
      </ul>
      {before && after && (
        <>
          <h3 className={styles.small}>{t('evaluation', { count: after.questions })}</h3>
          <Figures
            rows={[
              [t('recall_at_1'), ...beforeAndAfter(before.recall_at_1, after.recall_at_1)],
              [t('recall_at_3'), ...beforeAndAfter(before.recall_at_3, after.recall_at_3)],
              [t('answered_rightly'), ...beforeAndAfter(before.answered_rightly, after.answered_rightly)],
            ]}
          />
        </>
      )}
    </div>
  );
}

type Row = readonly [name: string, before: string, after: string, change: number];

function Figures({ rows }: { rows: readonly Row[] }) {
  const t = useWords('knowledge');
  return (
    <table className={styles.figures}>
      <thead><tr><th scope="col"><span className={styles.hidden}>{t('figure')}</span></th><th scope="col">{t('before')}</th><th scope="col">{t('after')}</th></tr></thead>
      <tbody>
        {rows.map(([name, before, after, change]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td className="tabular">{before}</td>
            <td className="tabular">{after} {change !== 0 && <Tag tone={change > 0 ? 'good' : 'bad'}>{t(change > 0 ? 'better' : 'worse')}</Tag>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Texts({ title, tone, texts }: { title: string; tone: 'good' | 'bad'; texts: readonly string[] }) {
  if (texts.length === 0) return null;
  return (
    <>
      <h3 className={styles.small}>{title} <Tag tone={tone}>{texts.length}</Tag></h3>
      <ul className={styles.texts}>{texts.map((text) => <li key={text} className="untrusted" dir="auto">{text}</li>)}</ul>
    </>
  );
}

function share(right: number | null, of: number | null): string {
  return right === null || of === null ? '–' : `${right} / ${of}`;
}
