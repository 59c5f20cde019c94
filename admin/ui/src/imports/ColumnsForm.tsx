/** What each column becomes, how the file is taken, what the first rows then are, and the start. */
import { Button, Checkbox, TextInput, Textarea } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { ListLoading } from '../look/Loading';
import { Failure, Refused } from '../look/Notices';
import { Panel, Sheet } from '../look/Panel';
import { plainWords } from '../look/words';
import { fieldNameFor } from './files';
import styles from './Imports.module.css';
import { PreviewTable } from './PreviewTable';
import type { Channel, Options, Upload } from './types';
import { useColumns, usePreview, useStart } from './useImports';

const CHANNELS: readonly Channel[] = ['email', 'sms', 'voice', 'telegram'];
const PAUSE = 400; // milliseconds after the last change

export function ColumnsForm({ id }: { id: string }) {
  const t = useWords('imports');
  const file = useColumns(id);
  if (file.isPending) return <Sheet><ListLoading what={t('columns')} /></Sheet>;
  if (!file.data) return <Sheet><Failure error={file.error} onRetry={() => void file.refetch()} isRetrying={file.isFetching} /></Sheet>;
  return <Form id={id} file={file.data} />;
}

function Form({ id, file }: { id: string; file: Upload }) {
  const t = useWords('imports');
  const [options, setOptions] = useState<Options>(() => ({
    columns: file.columns.map(({ target }) => target), country: null, language: 'en', consent_channels: [], purpose: 'marketing', consent_text: null,
  }));
  const [settled] = useDebouncedValue(options, PAUSE);
  const preview = usePreview(id, settled);
  const start = useStart(id);
  const change = (changed: Partial<Options>) => setOptions((old) => ({ ...old, ...changed }));
  const columns = options.columns ?? [];
  const hasConsent = columns.includes('consent_at');
  return (
    <div className={styles.steps}>
      <Panel title={t('columns')}>
        <Columns file={file} columns={columns} onChange={(changed) => change({ columns: changed })} />
      </Panel>
      <Panel title={t('options')}>
        <div className={styles.options}>
          <TextInput label={t('country')} description={t('country_hint')} value={options.country ?? ''} maxLength={100} onChange={(event) => change({ country: event.currentTarget.value.trim() || null })} data-testid="import-country" />
          <TextInput label={t('language')} description={t('language_hint')} value={options.language} maxLength={20} onChange={(event) => change({ language: event.currentTarget.value.trim() })} />
        </div>
        {hasConsent && <ConsentOptions options={options} onChange={change} />}
      </Panel>
      <Panel title={t('preview')}>
        {preview.isError ? <Refused error={preview.error} testId="preview-error" /> : preview.data && <PreviewTable preview={preview.data} />}
        <div className={styles.bar}>
          <Button disabled={!preview.isSuccess} loading={start.isPending} onClick={() => start.mutate(options)} data-testid="start-import">{t('start')}</Button>
          <span className={styles.soft}>{t('start_hint')}</span>
        </div>
        <Refused error={start.error} mt="md" />
      </Panel>
    </div>
  );
}

interface ColumnsProps {
  file: Upload;
  columns: readonly (string | null)[];
  onChange: (columns: (string | null)[]) => void;
}

const LEFT_OUT = '-';

function Columns({ file, columns, onChange }: ColumnsProps) {
  const t = useWords('imports');
  const targets = file.targets.map((target) => ({ value: target, label: plainWords(target) }));
  return (
    <table className={styles.columns}>
      <thead><tr><th scope="col">{t('in_file')}</th><th scope="col">{t('becomes')}</th></tr></thead>
      <tbody>
        {file.columns.map(({ heading }, at) => {
          const own = fieldNameFor(heading);
          const ownChoice = own ? [{ value: `field:${own}`, label: t('own_field', { name: own }) }] : [];
          return (
            <tr key={at}>
              <th scope="row"><bdi>{heading || '–'}</bdi></th>
              <td>
                <Choose
                  aria-label={t('becomes_what', { heading })} value={columns[at] ?? LEFT_OUT}
                  choices={[{ value: LEFT_OUT, label: t('left_out') }, ...targets, ...ownChoice]}
                  onChange={(target) => onChange(columns.map((old, place) => (place === at ? (target === LEFT_OUT ? null : target) : old)))}
                />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function ConsentOptions({ options, onChange }: { options: Options; onChange: (changed: Partial<Options>) => void }) {
  const t = useWords('imports');
  return (
    <>
      <Textarea
        mt="md" autosize minRows={2} label={t('consent_text')} description={t('consent_text_hint')} value={options.consent_text ?? ''}
        onChange={(event) => onChange({ consent_text: event.currentTarget.value || null })} maxLength={20_000}
      />
      <Checkbox.Group mt="md" label={t('consent_channels')} description={t('consent_channels_hint')} value={options.consent_channels} onChange={(said) => onChange({ consent_channels: said as Channel[] })}>
        <div className={styles.bar}>
          {CHANNELS.map((channel) => <Checkbox key={channel} value={channel} label={t(`channel_${channel}`)} />)}
        </div>
      </Checkbox.Group>
    </>
  );
}
