/** The list of flows or journeys, and the way to a new one. */
import { Anchor, Button, Group, Modal, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconMessages, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { asAPIError } from '../api/problem';
import { ListLoading } from '../look/Loading';
import { Moment } from '../look/Moment';
import { Failure, Nothing, Stale } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Sheet } from '../look/Panel';
import { Tag } from '../look/Tag';
import { languageName } from '../look/words';
import { useMay } from '../session/useMay';
import { freeName } from './model/editing';
import type { FlowRow } from './shapes';
import { useBeginDraft, useFlowList, useJourneyCounts } from './useFlows';
import { useEditorWords } from './words';
import styles from './editor.module.css';

const LANGUAGES = ['en', 'es', 'fr', 'de'] as const;

export function FlowTable({ isJourney }: { isJourney: boolean }) {
  const { t } = useEditorWords();
  const may = useMay();
  const list = useFlowList();
  const [isNew, setIsNew] = useState(false);
  const rows = list.data?.filter(({ kind }) => kind === (isJourney ? 'journey' : 'flow'));
  const title = isJourney ? t('journeys') : t('flows');
  const begin = may('flows.write') && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setIsNew(true)} data-testid="new-flow">{isJourney ? t('new_journey') : t('new_flow')}</Button>;
  return (
    <>
      <Group justify="space-between" align="flex-start">
        <PageHeading title={title}>{isJourney ? t('journeys_why') : t('flows_why')}</PageHeading>
        {begin}
      </Group>
      {list.isPending ? <Sheet><ListLoading what={title} /></Sheet>
        : !rows ? <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>
        : rows.length === 0 ? <Sheet><Nothing icon={IconMessages} title={isJourney ? t('no_journeys') : t('no_flows')}><Text size="sm" c="dimmed" maw={440} mb="sm">{isJourney ? t('no_journeys_why') : t('no_flows_why')}</Text>{begin}</Nothing></Sheet>
        : <Sheet>{list.isError && <Stale error={list.error} />}<Rows rows={rows} isJourney={isJourney} /></Sheet>}
      <NewDialog isOpen={isNew} isJourney={isJourney} rows={rows ?? []} onClose={() => setIsNew(false)} />
    </>
  );
}

function Rows({ rows, isJourney }: { rows: readonly FlowRow[]; isJourney: boolean }) {
  const { t, value } = useEditorWords();
  const counts = useJourneyCounts();
  const people = new Map(isJourney ? counts.data?.map((journey) => [journey.journey, journey]) : []);
  return (
    <Table verticalSpacing="sm" horizontalSpacing="md">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{t('name')}</Table.Th>
          <Table.Th scope="col">{t('state')}</Table.Th>
          {isJourney && <Table.Th scope="col">{t('people_head')}</Table.Th>}
          <Table.Th scope="col" className={styles.wide ?? ''}>{t('steps')}</Table.Th>
          <Table.Th scope="col" className={styles.wide ?? ''}>{t('last_change')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => {
          const running = people.get(row.name);
          return (
            <Table.Tr key={row.item} data-testid="flow-row">
              <Table.Td>
                <Anchor component={Link} to={`/${isJourney ? 'journeys' : 'flows'}/${row.name}`} fw={600}>{row.title || row.name}</Anchor>
                <Text size="xs" c="dimmed" lineClamp={1} maw={460}>{row.description}</Text>
              </Table.Td>
              <Table.Td>
                <Group gap={4}>
                  {row.live !== null && <Tag tone={running && running.state !== 'running' ? 'warm' : 'good'}>{running && running.state !== 'running' ? value(running.state) : t('live_version', { number: row.live })}</Tag>}
                  {row.draft && <Tag tone="cold">{row.draft.removes ? t('draft_removes') : t('draft_by', { by: row.draft.by })}</Tag>}
                  {row.problems > 0 && <Tag tone="bad">{t('problems_count', { count: row.problems })}</Tag>}
                </Group>
              </Table.Td>
              {isJourney && <Table.Td>{running?.people ?? '–'}</Table.Td>}
              <Table.Td className={styles.wide ?? ''}>{row.steps}</Table.Td>
              <Table.Td className={styles.wide ?? ''}>{row.changed_at ? <Text size="sm"><Moment at={row.changed_at} />{row.changed_by ? `, ${row.changed_by}` : ''}</Text> : '–'}</Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}

function NewDialog({ isOpen, isJourney, rows, onClose }: { isOpen: boolean; isJourney: boolean; rows: readonly FlowRow[]; onClose: () => void }) {
  const { t } = useEditorWords();
  const navigate = useNavigate();
  const begin = useBeginDraft();
  const [title, setTitle] = useState('');
  const [copyOf, setCopyOf] = useState<string | null>(null);
  const [language, setLanguage] = useState<string>('en');
  const room = isJourney ? 'journeys' : 'library';
  const name = freeName(title, rows.map((row) => row.name));
  const make = () => {
    const wish = { item: `${room}/${name}`, title: title.trim(), language, ...(copyOf ? { copy_of: copyOf } : {}) };
    begin.mutate(wish, { onSuccess: () => void navigate(`/${isJourney ? 'journeys' : 'flows'}/${name}`) });
  };
  return (
    <Modal opened={isOpen} onClose={onClose} title={isJourney ? t('new_journey') : t('new_flow')} closeButtonProps={{ 'aria-label': t('close') }}>
      <form onSubmit={(event) => { event.preventDefault(); if (title.trim()) make(); }}>
        <Stack gap="sm">
          <TextInput data-autofocus label={t('name')} description={t('name_why')} value={title} onChange={(event) => setTitle(event.currentTarget.value)} data-testid="new-title" />
          <Select label={t('begin_with')} placeholder={t('begin_empty')} clearable data={rows.map((row) => ({ value: row.item, label: row.title || row.name }))} value={copyOf} onChange={setCopyOf} />
          {copyOf === null && <Select label={t('language')} allowDeselect={false} data={LANGUAGES.map((one) => ({ value: one, label: languageName(one) }))} value={language} onChange={(next) => setLanguage(next ?? 'en')} />}
          {begin.error && <Text size="sm" c="var(--bad)" role="alert">{asAPIError(begin.error).message}</Text>}
          <Button type="submit" loading={begin.isPending} disabled={!title.trim()} data-testid="new-make">{t('make')}</Button>
        </Stack>
      </form>
    </Modal>
  );
}
