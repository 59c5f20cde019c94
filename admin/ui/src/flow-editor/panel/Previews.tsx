/** What each channel shows of a step, side by side, as the server renders it. */
import { Skeleton, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo } from 'react';
import { ChannelIcon } from '../../look/ChannelIcon';
import { asAPIError } from '../../api/problem';
import { useEditor } from '../EditorContext';
import type { Step } from '../model/document';
import { wordingOf } from '../model/editing';
import type { Rendering } from '../shapes';
import { usePreviewOf } from '../useFlows';
import { useEditorWords } from '../words';
import styles from './panel.module.css';

const PAUSE = 350; // milliseconds

export function Previews({ step }: { step: Step }) {
  const { document, language } = useEditor();
  const { t } = useEditorWords();
  const wording = wordingOf(document, language, step.id);
  const shown = useMemo(() => ({ step, wording }), [step, wording]);
  const [asked] = useDebouncedValue(shown, PAUSE);
  const preview = usePreviewOf(asked.step as Record<string, unknown>, asked.wording as Record<string, unknown>, language, true);
  if (preview.isPending) return <Skeleton height={90} aria-label={t('previews')} />;
  if (!preview.data) return <Text size="sm" c="dimmed">{asAPIError(preview.error).message}</Text>;
  return (
    <div className={styles.previews} data-testid="previews">
      {preview.data.map((rendering) => <Channel key={rendering.channel} rendering={rendering} />)}
    </div>
  );
}

export function Channel({ rendering }: { rendering: Rendering }) {
  const { t, value } = useEditorWords();
  const { channel, texts, spoken, buttons, keys, segments, alphabet } = rendering;
  const said = channel === 'voice' ? spoken : texts;
  return (
    <section className={styles.preview} aria-label={t('preview_of', { channel: value(channel) })} data-channel={channel}>
      <header className={styles.previewHead}>
        <ChannelIcon channel={channel} />
        <span>{value(channel)}</span>
        {segments !== null && <span className={styles.previewFigure}>{t('segments', { count: segments })} {alphabet}</span>}
      </header>
      {said.length === 0 && buttons.length === 0 && <Text size="xs" c="dimmed">{t('says_nothing')}</Text>}
      {said.map((text, index) => <p key={index} className={`${styles.bubble} untrusted`}>{text}</p>)}
      {buttons.length > 0 && (
        <ul className={styles.buttons}>
          {buttons.map((button) => <li key={button.value}>{button.label}</li>)}
        </ul>
      )}
      {Object.keys(keys).length > 0 && (
        <ul className={styles.buttons}>
          {Object.entries(keys).map(([key, meaning]) => <li key={key}><kbd>{key}</kbd> {meaning}</li>)}
        </ul>
      )}
    </section>
  );
}
