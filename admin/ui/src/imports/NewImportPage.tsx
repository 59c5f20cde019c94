/** The first step of an import: the file, dropped or chosen. */
import { Alert, Button, List } from '@mantine/core';
import { IconFileSpreadsheet } from '@tabler/icons-react';
import { useRef, useState, type DragEvent } from 'react';
import { useNavigate } from 'react-router';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { Refused } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Panel } from '../look/Panel';
import { BackToImports } from './BackToImports';
import { ACCEPTED, MOST_BYTES, typeOf } from './files';
import styles from './Imports.module.css';
import { useUpload } from './useImports';

const ENCODINGS = [{ value: 'utf-8-sig', label: 'UTF-8' }, { value: 'cp1252', label: 'Windows (cp1252)' }, { value: 'utf-16', label: 'UTF-16' }] as const;

export function NewImportPage() {
  const t = useWords('imports');
  const navigate = useNavigate();
  const upload = useUpload();
  const [encoding, setEncoding] = useState<string>(ENCODINGS[0].value);
  const [refusal, setRefusal] = useState('');
  const send = (file: File | undefined) => {
    if (!file) return;
    setRefusal(typeOf(file.name) === null ? t('not_a_table') : file.size > MOST_BYTES ? t('too_large') : '');
    if (typeOf(file.name) === null || file.size > MOST_BYTES) return;
    upload.mutate({ file, encoding }, { onSuccess: ({ imported }) => void navigate(`/imports/${imported.id}`) });
  };
  return (
    <>
      <BackToImports />
      <PageHeading title={t('new')}>{t('new_lead')}</PageHeading>
      <div className={styles.steps}>
        <Panel title={t('file')}>
          <DropFile isBusy={upload.isPending} onFile={send} />
          {refusal && <Alert color="red" mt="md" role="alert" data-testid="form-error">{refusal}</Alert>}
          {!refusal && <Refused error={upload.error} mt="md" testId="form-error" />}
          <Choose mt="md" maw={260} label={t('encoding')} description={t('encoding_hint')} value={encoding} choices={ENCODINGS} onChange={setEncoding} />
        </Panel>
        <Panel title={t('how_it_works')}>
          <List size="sm" c="dimmed" spacing={6} type="ordered">
            <List.Item>{t('how_1')}</List.Item>
            <List.Item>{t('how_2')}</List.Item>
            <List.Item>{t('how_3')}</List.Item>
          </List>
        </Panel>
      </div>
    </>
  );
}

function DropFile({ isBusy, onFile }: { isBusy: boolean; onFile: (file: File | undefined) => void }) {
  const t = useWords('imports');
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const over = (event: DragEvent) => { event.preventDefault(); setOver(true); };
  const drop = (event: DragEvent) => { event.preventDefault(); setOver(false); onFile(event.dataTransfer.files[0]); };
  return (
    <div className={styles.drop} data-over={isOver ? '' : undefined} onDragOver={over} onDragLeave={() => setOver(false)} onDrop={drop}>
      <IconFileSpreadsheet size={34} stroke={1.4} color="var(--ink-soft)" aria-hidden />
      <div>{t('drop')}</div>
      <Button loading={isBusy} onClick={() => input.current?.click()}>{t('choose_file')}</Button>
      <input
        ref={input} type="file" accept={ACCEPTED} hidden aria-label={t('choose_file')} data-testid="import-file"
        onChange={(event) => { onFile(event.currentTarget.files?.[0]); event.currentTarget.value = ''; }}
      />
    </div>
  );
}
