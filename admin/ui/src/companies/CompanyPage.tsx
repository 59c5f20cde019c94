/** One company: what is known of it, and its people with the highest scores first. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { figure } from '../i18n/said';
import { useWords } from '../i18n/useWords';
import { BackLink } from '../look/BackLink';
import { ConfirmButton } from '../look/ConfirmButton';
import { ListLoading } from '../look/Loading';
import { Failure } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Panel, Sheet } from '../look/Panel';
import { plainWords, stageName, valueInWords } from '../look/words';
import { useMay } from '../session/useMay';
import styles from './Companies.module.css';
import { CompanyForm } from './CompanyForm';
import type { Company } from './types';
import { useChangeCompany, useCompany, useCompanyPeople, useRemoveCompany } from './useCompanies';

export function CompanyPage() {
  const { companyId = '' } = useParams();
  const t = useWords('companies');
  const company = useCompany(companyId);
  return (
    <>
      <BackLink to="/companies">{t('title')}</BackLink>
      <PageHeading title={company.data?.name ?? t('company')}>{company.data?.domains.join(', ')}</PageHeading>
      {company.isPending && <Sheet><ListLoading what={t('company')} /></Sheet>}
      {company.isError && !company.data && <Sheet><Failure error={company.error} onRetry={() => void company.refetch()} isRetrying={company.isFetching} /></Sheet>}
      {company.data && (
        <div className={styles.panels}>
          <About company={company.data} />
          <People id={companyId} />
        </div>
      )}
    </>
  );
}

function About({ company }: { company: Company }) {
  const t = useWords('companies');
  const may = useMay();
  const navigate = useNavigate();
  const [isEditing, setEditing] = useState(false);
  const change = useChangeCompany(company.id);
  const remove = useRemoveCompany(company.id);
  const told = [
    [t('people_count'), figure(company.people)], [t('score'), figure(company.score)], [t('highest'), figure(company.highest_score)],
    [t('stage'), company.stage ? stageName(company.stage) : '–'], ...Object.entries(company.fields).map(([field, value]) => [plainWords(field), valueInWords(value)]),
  ];
  return (
    <Panel title={t('about')}>
      {isEditing ? (
        <CompanyForm
          name={company.name} domains={company.domains} isBusy={change.isPending} error={change.error} onCancel={() => setEditing(false)}
          onSave={({ name, domains }) => change.mutate({ name, domains, fields: null }, { onSuccess: () => setEditing(false) })}
        />
      ) : (
        <>
          <dl className={styles.details}>{told.map(([name, value]) => <div key={name}><dt>{name}</dt><dd className="untrusted">{value}</dd></div>)}</dl>
          {may('contacts.write') && (
            <div className={styles.bar}>
              <Button variant="default" onClick={() => setEditing(true)} data-testid="edit-company">{t('edit')}</Button>
              <ConfirmButton
                label={t('remove')} title={t('remove_title')} confirm={t('remove')} cancel={t('cancel')} isBusy={remove.isPending} error={remove.error}
                onConfirm={() => remove.mutate(undefined, { onSuccess: () => void navigate('/companies') })}
              >
                {t('remove_means')}
              </ConfirmButton>
            </div>
          )}
        </>
      )}
    </Panel>
  );
}

function People({ id }: { id: string }) {
  const t = useWords('companies');
  const people = useCompanyPeople(id);
  return (
    <Panel title={t('people_title')}>
      {people.isPending && <ListLoading what={t('people_title')} />}
      {people.isError && !people.data && <Failure error={people.error} onRetry={() => void people.refetch()} isRetrying={people.isFetching} />}
      {people.data?.length === 0 && <p className={styles.soft}>{t('no_people')}</p>}
      <ul className={styles.people}>
        {people.data?.map((person) => (
          <li key={person.id}>
            <Link to={`/leads/${person.id}`} className={styles.more}><bdi>{person.name ?? t('unnamed')}</bdi></Link>
            <span className={`${styles.soft} tabular`}>{stageName(person.stage)} · {person.score}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
