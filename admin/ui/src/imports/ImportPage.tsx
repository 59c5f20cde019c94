/** One import: what the columns become before it is started, how far it is, what came of it, and the way to take it back. */
import { Alert, Button, Progress } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useParams } from 'react-router';
import { asAPIError } from '../api/problem';
import { figure } from '../i18n/said';
import { useWords } from '../i18n/useWords';
import { ConfirmButton } from '../look/ConfirmButton';
import { ListLoading } from '../look/Loading';
import { Failure } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Panel, Sheet } from '../look/Panel';
import { BackToImports } from './BackToImports';
import { ColumnsForm } from './ColumnsForm';
import styles from './Imports.module.css';
import { StateTag } from './StateTag';
import type { Import } from './types';
import { isWorking, useImport, useStep } from './useImports';

export function ImportPage() {
  const { importId = '' } = useParams();
  const t = useWords('imports');
  const one = useImport(importId);
  return (
    <>
      <BackToImports />
      <PageHeading title={one.data?.file_name ?? t('one')}>{one.data?.state === 'uploaded' ? t('map_lead') : undefined}</PageHeading>
      {one.isPending && <Sheet><ListLoading what={t('one')} /></Sheet>}
      {one.isError && !one.data && <Sheet><Failure error={one.error} onRetry={() => void one.refetch()} isRetrying={one.isFetching} /></Sheet>}
      {one.data && (one.data.state === 'uploaded' ? <ColumnsForm key={importId} id={importId} /> : <Result one={one.data} />)}
    </>
  );
}

function Result({ one }: { one: Import }) {
  const t = useWords('imports');
  return (
    <Panel title={t('result')} aside={<StateTag state={one.state} />}>
      {isWorking(one) && <HowFar one={one} />}
      {one.problem && <Alert color="red" mb="md" role="alert">{one.problem}</Alert>}
      <dl className={styles.figures} data-testid="import-figures">
        <Figure name={t('rows')} value={one.rows} />
        <Figure name={t('created')} value={one.created} />
        <Figure name={t('known')} value={Math.max(0, one.rows - one.created - one.refused)} />
        <Figure name={t('refused')} value={one.refused} />
        <Figure name={t('consents')} value={one.consents} />
        {(one.state === 'undone' || one.state === 'undoing') && <Figure name={t('removed')} value={one.removed} />}
      </dl>
      <div className={styles.bar}>
        {one.problems > 0 && (
          <Button component="a" href={`/api/v1/imports/${one.id}/problems`} download variant="default" leftSection={<IconDownload size={16} aria-hidden />} data-testid="import-problems">
            {t('problems', { count: one.problems, number: one.problems })}
          </Button>
        )}
        <Steps one={one} />
      </div>
    </Panel>
  );
}

function HowFar({ one }: { one: Import }) {
  const t = useWords('imports');
  const share = one.rows_expected ? Math.min(100, (100 * one.rows) / one.rows_expected) : 0;
  return (
    <div style={{ marginBottom: 18 }} role="status">
      <Progress value={one.rows_expected ? share : 100} animated striped={!one.rows_expected} aria-label={t('how_far')} />
      <p className={styles.soft}>
        {one.rows_a_second ? t('speed', { count: one.rows_a_second, number: one.rows_a_second }) : t('waits')}
      </p>
    </div>
  );
}

function Figure({ name, value }: { name: string; value: number }) {
  return <div><dt>{name}</dt><dd className="tabular">{figure(value)}</dd></div>;
}

function Steps({ one }: { one: Import }) {
  const t = useWords('imports');
  const resume = useStep(one.id, 'resume');
  const cancel = useStep(one.id, 'cancel');
  const undo = useStep(one.id, 'undo');
  const canUndo = ['done', 'failed', 'cancelled'].includes(one.state) && one.created > 0;
  return (
    <>
      {one.state === 'failed' && <Button loading={resume.isPending} onClick={() => resume.mutate(undefined)}>{t('resume')}</Button>}
      {(one.state === 'waiting' || one.state === 'running') && (
        <ConfirmButton label={t('cancel_import')} title={t('cancel_import')} confirm={t('cancel_import')} cancel={t('back')} isBusy={cancel.isPending} error={cancel.error} onConfirm={() => cancel.mutate(undefined)}>
          {t('cancel_means')}
        </ConfirmButton>
      )}
      {canUndo && (
        <ConfirmButton testId="undo-import" label={t('undo')} title={t('undo_title')} confirm={t('undo')} cancel={t('back')} isBusy={undo.isPending} error={undo.error} onConfirm={() => undo.mutate(undefined)}>
          {t('undo_means', { count: one.created, number: one.created })}
        </ConfirmButton>
      )}
      {resume.isError && <Alert color="red" role="alert">{asAPIError(resume.error).message}</Alert>}
    </>
  );
}
