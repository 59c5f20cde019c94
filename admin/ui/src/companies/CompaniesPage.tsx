/** All companies with what their people come to: find one, or make one. */
import { Button, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconBuilding, IconPlus, IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { LoadMore } from '../look/LoadMore';
import { Failure, Nothing, Stale } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Panel, Sheet } from '../look/Panel';
import { stageName } from '../look/words';
import { SampleOffer } from '../samples/SampleOffer';
import { useMay } from '../session/useMay';
import styles from './Companies.module.css';
import { CompanyForm } from './CompanyForm';
import type { Company } from './types';
import { useAddCompany, useCompanies } from './useCompanies';

const PAUSE = 250; // milliseconds after the last key

export function CompaniesPage() {
  const t = useWords('companies');
  const may = useMay();
  const [q, setQ] = useState('');
  const [settled] = useDebouncedValue(q.trim(), PAUSE);
  const [isAdding, setAdding] = useState(false);
  return (
    <>
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      <div className={styles.tools}>
        <TextInput
          type="search" aria-label={t('search')} placeholder={t('search')} value={q} maxLength={253} leftSection={<IconSearch size={16} aria-hidden />}
          onChange={(event) => setQ(event.currentTarget.value)} className={styles.search} data-testid="company-search"
        />
        {may('contacts.write') && <Button leftSection={<IconPlus size={16} aria-hidden />} aria-expanded={isAdding} onClick={() => setAdding(!isAdding)} data-testid="new-company">{t('new')}</Button>}
      </div>
      {isAdding && <Add onDone={() => setAdding(false)} />}
      <CompanyList q={settled} />
    </>
  );
}

function Add({ onDone }: { onDone: () => void }) {
  const t = useWords('companies');
  const navigate = useNavigate();
  const add = useAddCompany();
  return (
    <Panel title={t('new')} className={styles.form}>
      <CompanyForm
        name="" domains={[]} isBusy={add.isPending} error={add.error} onCancel={onDone}
        onSave={({ name, domains }) => add.mutate({ name, domains, fields: {} }, { onSuccess: ({ id }) => void navigate(`/companies/${id}`) })}
      />
    </Panel>
  );
}

function CompanyList({ q }: { q: string }) {
  const t = useWords('companies');
  const list = useCompanies(q);
  if (list.isPending) return <Sheet><ListLoading what={t('title')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  if (list.data.length === 0) {
    return <Sheet><Nothing icon={IconBuilding} title={t(q ? 'none_found' : 'none')}><Text c="dimmed" size="sm" maw={440}>{t(q ? 'none_found_hint' : 'none_hint')}</Text>{!q && <SampleOffer />}</Nothing></Sheet>;
  }
  return (
    <div aria-busy={list.isPlaceholderData}>
      {list.isError && <Stale error={list.error} />}
      <Sheet><ul className={styles.list} aria-label={t('title')}>{list.data.map((one) => <Row key={one.id} company={one} />)}</ul></Sheet>
      <LoadMore list={list} />
    </div>
  );
}

function Row({ company }: { company: Company }) {
  const t = useWords('companies');
  return (
    <li className={styles.row} data-testid="company-row">
      <div className={styles.what}>
        <Link to={`/companies/${company.id}`} className={styles.link}><bdi>{company.name}</bdi></Link>
        <div className={styles.soft}>{[company.domains.join(', '), company.stage && stageName(company.stage)].filter(Boolean).join(' · ')}</div>
      </div>
      <div className={styles.figures}>
        <span className="tabular">{t('points', { count: company.score, number: company.score })}</span>
        <span className={`${styles.soft} tabular`}>{t('people', { count: company.people, number: company.people })}</span>
      </div>
    </li>
  );
}
