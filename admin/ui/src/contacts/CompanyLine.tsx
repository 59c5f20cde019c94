/** Where a contact works: shown, chosen, or made of what they call it. */
import { Button, Radio, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { Link } from 'react-router';
import { asAPIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { useMay } from '../session/useMay';
import styles from './Contact.module.css';
import type { ContactCompany } from './types';
import { useCompanyChoices, useContactCompany, useMakeCompany, useSetCompany } from './useContact';

export function CompanyLine({ contactId }: { contactId: string }) {
  const t = useWords('contacts');
  const may = useMay()('contacts.write');
  const known = useContactCompany(contactId);
  const [isChoosing, setChoosing] = useState(false);
  if (!known.data) return known.isError ? <span role="alert" className={styles.wrong}>{asAPIError(known.error).message}</span> : null;
  const { company, source } = known.data;
  return (
    <div>
      <div className={styles.line}>
        <span className={styles.name}>{t('company')}</span>
        {company ? <Link to={`/companies/${company.id}`} className={styles.more}><bdi>{company.name}</bdi></Link> : <span className={styles.soft}>{t('no_company')}</span>}
        {company && source && <span className={styles.soft}>{t(source === 'domain' ? 'by_domain' : 'by_colleague')}</span>}
        {may && !isChoosing && <Button variant="subtle" size="compact-sm" color="var(--accent)" onClick={() => setChoosing(true)} data-testid="choose-company">{t('change')}</Button>}
      </div>
      {isChoosing && <ChooseCompany contactId={contactId} known={known.data} onDone={() => setChoosing(false)} />}
    </div>
  );
}

const NONE = '-';
const PAUSE = 250; // milliseconds after the last key

function ChooseCompany({ contactId, known, onDone }: { contactId: string; known: ContactCompany; onDone: () => void }) {
  const t = useWords('contacts');
  const { suggestion, company } = known;
  const [q, setQ] = useState(suggestion?.name ?? '');
  const [settled] = useDebouncedValue(q.trim(), PAUSE);
  const choices = useCompanyChoices(settled);
  const set = useSetCompany(contactId);
  const make = useMakeCompany(contactId);
  const error = set.error ?? make.error;
  const newName = q.trim() || (suggestion?.name ?? suggestion?.domain ?? '');
  return (
    <div className={styles.choose}>
      <TextInput type="search" aria-label={t('find_company')} placeholder={t('find_company')} value={q} onChange={(event) => setQ(event.currentTarget.value)} />
      <Radio.Group aria-label={t('company')} value={company?.id ?? NONE} onChange={(id) => set.mutate(id === NONE ? null : id, { onSuccess: onDone })}>
        {choices.data?.map((one) => <Radio key={one.id} mt={6} value={one.id} label={<bdi>{one.name}</bdi>} />)}
        <Radio mt={6} value={NONE} label={t('no_company')} />
      </Radio.Group>
      <div className={styles.bar}>
        {newName && (
          <Button size="compact-md" variant="default" loading={make.isPending} onClick={() => make.mutate({ name: newName, domains: suggestion?.domain ? [suggestion.domain] : [] }, { onSuccess: onDone })}>
            {t('make_company', { name: newName })}
          </Button>
        )}
        <Button size="compact-md" variant="subtle" color="gray" onClick={onDone}>{t('cancel')}</Button>
      </div>
      {error && <span role="alert" className={styles.wrong}>{asAPIError(error).message}</span>}
    </div>
  );
}
