/** Who changed what: searched by person, action, thing and day. */
import { Button, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconHistory } from '@tabler/icons-react';
import { useState } from 'react';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { ListLoading } from '../look/Loading';
import { LoadMore } from '../look/LoadMore';
import { Moment } from '../look/Moment';
import { Failure, Nothing, Stale } from '../look/Notices';
import { Sheet } from '../look/Panel';
import { Frame } from './Frame';
import { plainWords, valueInWords } from '../look/words';
import { useMay } from '../session/useMay';
import styles from './Access.module.css';
import type { AuditRow } from './types';
import { useAudit, useAuditNames, type AuditFilter } from './useAudit';
import { useUsers } from './useTeam';

const ALL: AuditFilter = { user_id: '', action: '', subject_kind: '', subject_id: '', since: '', until: '' };
const PAUSE = 250; // milliseconds after the last key

export function AuditPage() {
  const t = useWords('access');
  const [filter, setFilter] = useState(ALL);
  const [settled] = useDebouncedValue(filter, PAUSE);
  const isFiltered = Object.values(filter).some(Boolean);
  return (
    <Frame page="audit">
      <p className={styles.soft}>{t('audit_lead')}</p>
      <Filters filter={filter} onChange={setFilter} />
      {isFiltered && <Button variant="subtle" size="compact-sm" mb="sm" onClick={() => setFilter(ALL)}>{t('show_all')}</Button>}
      <Entries filter={settled} isFiltered={isFiltered} />
    </Frame>
  );
}

function Filters({ filter, onChange }: { filter: AuditFilter; onChange: (filter: AuditFilter) => void }) {
  const t = useWords('access');
  const may = useMay();
  const names = useAuditNames();
  const set = (name: keyof AuditFilter) => (value: string) => onChange({ ...filter, [name]: value });
  const choices = (values: readonly string[]) => [{ value: '', label: t('all') }, ...values.map((value) => ({ value, label: plainWords(value) }))];
  return (
    <div className={styles.filters} role="search" aria-label={t('tab_audit')}>
      {may('users.read') && <Who value={filter.user_id} onChange={set('user_id')} />}
      <Choose label={t('action')} value={filter.action} choices={choices(names.data?.actions ?? [])} onChange={set('action')} data-testid="audit-action" />
      <Choose label={t('kind')} value={filter.subject_kind} choices={choices(names.data?.subject_kinds ?? [])} onChange={set('subject_kind')} />
      <TextInput label={t('subject_id')} value={filter.subject_id} maxLength={200} onChange={(event) => set('subject_id')(event.currentTarget.value.trim())} />
      <TextInput type="date" label={t('since')} value={filter.since} onChange={(event) => set('since')(event.currentTarget.value)} />
      <TextInput type="date" label={t('until_day')} value={filter.until} onChange={(event) => set('until')(event.currentTarget.value)} />
    </div>
  );
}

function Who({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const t = useWords('access');
  const users = useUsers();
  const choices = [{ value: '', label: t('all') }, ...(users.data ?? []).map(({ id, name }) => ({ value: id, label: name }))];
  return <Choose label={t('who')} value={value} choices={choices} onChange={onChange} />;
}

function Entries({ filter, isFiltered }: { filter: AuditFilter; isFiltered: boolean }) {
  const t = useWords('access');
  const list = useAudit(filter);
  if (list.isPending) return <Sheet><ListLoading what={t('tab_audit')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  if (list.data.length === 0) {
    return (
      <Sheet>
        <Nothing icon={IconHistory} title={t('no_entries')}>
          <Text c="dimmed" size="sm" maw={440}>{isFiltered ? t('no_entries_filtered') : t('no_entries_hint')}</Text>
        </Nothing>
      </Sheet>
    );
  }
  return (
    <>
      {list.isError && <Stale error={list.error} />}
      <Sheet><ul className={styles.list} aria-label={t('tab_audit')}>{list.data.map((entry) => <Entry key={entry.id} entry={entry} />)}</ul></Sheet>
      <LoadMore list={list} />
    </>
  );
}

function Entry({ entry }: { entry: AuditRow }) {
  const t = useWords('access');
  const [isOpen, setOpen] = useState(false);
  const action = plainWords(entry.action);
  const by = { user: entry.user_name ?? '', token: `${entry.user_name ?? ''} (${entry.token_name ?? ''})`, command_line: t('by_command_line'), nobody: t('by_nobody') };
  return (
    <li className={styles.row} data-testid="audit-row">
      <div className={styles.what}>
        <div className={styles.name}>{action}</div>
        <div className={styles.soft}>
          <bdi>{by[entry.author as keyof typeof by] ?? entry.author}</bdi> · <Moment at={entry.at} as="day" /> · {plainWords(entry.subject_kind)} {entry.subject_id}
        </div>
        {isOpen && (entry.before || entry.after ? <Changes before={entry.before} after={entry.after} /> : <div className={styles.soft}>{t('details_gone')}</div>)}
      </div>
      {entry.has_details && (
        <Button variant="default" size="compact-sm" aria-expanded={isOpen} aria-label={`${t('details')}: ${action}`} onClick={() => setOpen(!isOpen)}>{t('details')}</Button>
      )}
    </li>
  );
}

function Changes({ before, after }: Pick<AuditRow, 'before' | 'after'>) {
  const t = useWords('access');
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return (
    <dl className={styles.changes}>
      {names.map((name) => (
        <div key={name}>
          <dt>{plainWords(name)}</dt>
          <dd>{before && name in before && <><del>{valueInWords(before[name])}</del> → </>}{after && name in after ? valueInWords(after[name]) : t('nothing')}</dd>
        </div>
      ))}
    </dl>
  );
}
