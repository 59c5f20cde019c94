/** Loads what an editor needs before it opens: the content, the kinds of steps, and what there is to name. */
import { Text } from '@mantine/core';
import { IconMessages } from '@tabler/icons-react';
import { ReactFlowProvider } from '@xyflow/react';
import { ListLoading } from '../look/Loading';
import { Failure, Nothing } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Sheet } from '../look/Panel';
import { EditorRoom } from './EditorRoom';
import { useFlowDocument, useNames, useStepKinds } from './useFlows';
import { useEditorWords } from './words';

export function EditorLoader({ item, isJourney }: { item: string; isJourney: boolean }) {
  const { t } = useEditorWords();
  const opened = useFlowDocument(item);
  const kinds = useStepKinds();
  const names = useNames();
  const failed = [opened, kinds, names].find((query) => query.isError && !query.data);
  const name = item.split('/')[1] ?? item;
  if (failed) {
    return <><PageHeading title={name} /><Sheet><Failure error={failed.error} onRetry={() => void failed.refetch()} isRetrying={failed.isFetching} /></Sheet></>;
  }
  if (!opened.data || !kinds.data || !names.data) return <><PageHeading title={name} /><Sheet><ListLoading what={name} /></Sheet></>;
  if (opened.data.content === null) {
    return <><PageHeading title={name} /><Sheet><Nothing icon={IconMessages} title={t('removed')}><Text size="sm" c="dimmed">{t('removed_why')}</Text></Nothing></Sheet></>;
  }
  return (
    <ReactFlowProvider>
      <EditorRoom item={item} isJourney={isJourney} opened={opened.data} kinds={kinds.data} names={names.data} />
    </ReactFlowProvider>
  );
}
