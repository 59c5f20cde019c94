/** To whom a contact belongs: the colleague who looks after them, their company, and their tags. */
import { TagsInput } from '@mantine/core';
import { useState } from 'react';
import { asAPIError } from '../api/problem';
import type { Lead } from '../api/types';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { Panel } from '../look/Panel';
import { useMay } from '../session/useMay';
import { CompanyLine } from './CompanyLine';
import styles from './Contact.module.css';
import { changeOf } from './tags';
import { useColleagues, useSetOwner, useSetTags } from './useContact';

export function BelongingPanel({ lead }: { lead: Lead }) {
  const t = useWords('contacts');
  return (
    <Panel title={t('belongs')}>
      <div className={styles.lines}>
        <Owner lead={lead} />
        <CompanyLine contactId={lead.id} />
        <Tags key={lead.tags.join(' ')} lead={lead} />
      </div>
    </Panel>
  );
}

const NOBODY = '-';

function Owner({ lead }: { lead: Lead }) {
  const t = useWords('contacts');
  const may = useMay()('contacts.write');
  const colleagues = useColleagues();
  const set = useSetOwner(lead.id);
  const known = (colleagues.data ?? []).map(({ user_id: value, name }) => ({ value, label: name ?? value }));
  const own = lead.owner && !known.some(({ value }) => value === lead.owner?.user_id) ? [{ value: lead.owner.user_id, label: lead.owner.name ?? t('gone') }] : [];
  if (!may) return <div className={styles.line}><span className={styles.name}>{t('owner')}</span><span>{lead.owner?.name ?? t('nobody')}</span></div>;
  return (
    <Choose
      label={t('owner')} value={lead.owner?.user_id ?? NOBODY} choices={[{ value: NOBODY, label: t('nobody') }, ...own, ...known]} disabled={set.isPending}
      error={set.isError ? asAPIError(set.error).message : undefined} onChange={(userId) => set.mutate(userId === NOBODY ? null : userId)} data-testid="lead-owner"
    />
  );
}

function Tags({ lead }: { lead: Lead }) {
  const t = useWords('contacts');
  const may = useMay()('contacts.write');
  const set = useSetTags(lead.id);
  const [tags, setTags] = useState<string[]>(lead.tags);
  const change = (wanted: string[]) => {
    const changed = changeOf(lead.tags, wanted);
    setTags([...lead.tags.filter((tag) => !changed.remove.includes(tag)), ...changed.add]);
    if (changed.add.length + changed.remove.length > 0) set.mutate(changed);
  };
  return (
    <TagsInput
      label={t('tags')} placeholder={tags.length === 0 ? t('tags_example') : ''} value={tags} onChange={change} readOnly={!may} acceptValueOnBlur maxTags={100}
      error={set.isError ? asAPIError(set.error).message : undefined} data-testid="lead-tags"
    />
  );
}
