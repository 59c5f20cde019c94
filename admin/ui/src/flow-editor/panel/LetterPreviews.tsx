/** What a letter of a journey becomes on each of its channels, for somebody made up, and where nothing is known of them. */
import { SegmentedControl, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { asAPIError } from '../../api/problem';
import { figure } from '../../i18n/said';
import { useWords } from '../../i18n/useWords';
import { plainWords } from '../../look/words';
import { useEditor } from '../EditorContext';
import type { Step } from '../model/document';
import { wordingOf } from '../model/editing';
import { purposeOf } from '../trial/person';
import { useLetterPreview } from '../useTrials';
import { useEditorWords } from '../words';
import { LetterView } from './LetterView';
import styles from './panel.module.css';

const PAUSE = 350; // milliseconds

export function LetterPreviews({ step }: { step: Step }) {
  const { document, language } = useEditor();
  const { t: flowWords } = useEditorWords();
  const t = useWords('trials');
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [whom, setWhom] = useState('known');
  const wording = wordingOf(document, language, step.id);
  const purpose = purposeOf(document.settings);
  const wish = useMemo(() => ({ language, step: step as Record<string, unknown>, wording: wording as Record<string, unknown>, purpose, values }), [language, purpose, step, values, wording]);
  const [asked] = useDebouncedValue(wish, PAUSE);
  const preview = useLetterPreview(asked);
  if (preview.isPending) return <Skeleton height={90} aria-label={flowWords('previews')} />;
  if (!preview.data) return <Text size="sm" c="dimmed">{asAPIError(preview.error).message}</Text>;
  const { asked: facts, renderings, unknown, currency } = preview.data;
  return (
    <Stack gap="sm" data-testid="letter-previews">
      {facts.length > 0 && (
        <>
          <SegmentedControl
            size="xs" value={whom} onChange={setWhom} aria-label={t('whom')} data={[{ value: 'known', label: t('somebody_known') }, { value: 'unknown', label: t('nobody_known') }]}
          />
          {whom === 'known'
            ? facts.map(({ name, example }) => (
                <TextInput
                  key={name} size="xs" label={plainWords(name)} value={values[name] ?? example}
                  onChange={(event) => setValues({ ...values, [name]: event.currentTarget.value })}
                />
              ))
            : (
                <ul className={styles.missing} data-testid="letter-missing">
                  {facts.map(({ name, fallback }) => <li key={name} data-gap={fallback === null || undefined}>{fallback === null ? t('gap', { name: plainWords(name) }) : t('falls_back', { name: plainWords(name), fallback })}</li>)}
                </ul>
              )}
        </>
      )}
      <div className={styles.previews}>
        {(whom === 'known' ? renderings : unknown).map((rendering) => (
          <LetterView key={rendering.channel} rendering={rendering} cost={rendering.cost > 0 ? `${figure(rendering.cost, 3)} ${currency}` : undefined} />
        ))}
      </div>
    </Stack>
  );
}
