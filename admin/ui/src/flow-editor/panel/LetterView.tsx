/** A message of a journey as its channel shows or says it; an e-mail as its HTML, shut in so that nothing in it can act. */
import { SegmentedControl, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useWords } from '../../i18n/useWords';
import { ChannelIcon } from '../../look/ChannelIcon';
import type { LetterRendering } from '../shapes';
import { useEditorWords } from '../words';
import styles from './panel.module.css';

export function LetterView({ rendering, cost }: { rendering: LetterRendering; cost?: string | undefined }) {
  const { t: flowWords, value } = useEditorWords();
  const t = useWords('trials');
  const [shown, setShown] = useState('html');
  const { channel, subject, html, segments, alphabet } = rendering;
  const said = channel === 'voice' ? rendering.spoken : rendering.texts;
  return (
    <section className={styles.preview} aria-label={flowWords('preview_of', { channel: value(channel) })} data-channel={channel}>
      <header className={styles.previewHead}>
        <ChannelIcon channel={channel} />
        <span>{value(channel)}</span>
        {(segments !== null || cost) && <span className={styles.previewFigure}>{[segments === null ? '' : `${flowWords('segments', { count: segments })} ${alphabet ?? ''}`, cost ?? ''].filter(Boolean).join(' · ')}</span>}
      </header>
      {subject !== null && <p className={`${styles.subject} untrusted`} data-testid="letter-subject">{subject}</p>}
      {html !== null && (
        <SegmentedControl
          size="xs" mb={6} value={shown} onChange={setShown} aria-label={t('shown_as')} data={[{ value: 'html', label: t('as_html') }, { value: 'text', label: t('as_text') }]}
        />
      )}
      {html !== null && shown === 'html'
        ? <Mail html={html} title={subject ?? t('as_html')} />
        : said.map((text, index) => <p key={index} className={`${styles.bubble} untrusted`}>{text}</p>)}
      {said.every((text) => !text) && <Text size="xs" c="dimmed">{flowWords('says_nothing')}</Text>}
    </section>
  );
}

/**
 * An e-mail as it looks. Nothing in it can run or lead anywhere. Its looks are put on once it is there: our pages, and what
 * they hold, take none that are written into the markup.
 */
function Mail({ html, title }: { html: string; title: string }) {
  const bare = useMemo(() => withoutStyles(html), [html]);
  return <iframe className={styles.mail} sandbox="allow-same-origin" srcDoc={bare} title={title} onLoad={({ currentTarget }) => putStylesOn(currentTarget.contentDocument)} />;
}

/** In text a quotation mark is escaped, so what is found is always an attribute. */
function withoutStyles(html: string): string {
  return html.replaceAll(/ style="([^"]*)"/g, ' data-style="$1"');
}

function putStylesOn(document: Document | null) {
  for (const element of document?.querySelectorAll<HTMLElement>('[data-style]') ?? []) element.style.cssText = element.dataset.style ?? '';
}
