/** All leads: find them, see who is worth a call, open one. */
import { Anchor } from '@mantine/core';
import { Link, useSearchParams } from 'react-router';
import type { LeadFilter } from '../api/types';
import { BulkBar, useMayBulk } from '../bulk/BulkBar';
import { useChoosing } from '../bulk/useChoosing';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { LoadMore } from '../look/LoadMore';
import { Failure, Stale } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Sheet } from '../look/Panel';
import { useOnPhone } from '../look/useOnPhone';
import { isBand } from './bands';
import { LeadCards } from './LeadCards';
import { LeadsFilter } from './LeadsFilter';
import { LeadTable } from './LeadTable';
import { NoLeads } from './NoLeads';
import { useLeads } from './useLeads';

export function LeadsPage() {
  const t = useWords('leads');
  const mayBulk = useMayBulk();
  const filter = useLeadFilter();
  return (
    <>
      <PageHeading title={t('title')}>{t('lead')}{mayBulk && <> <Anchor component={Link} to="/leads/operations" inherit underline="always" data-testid="to-bulk-operations">{t('operations')}</Anchor></>}</PageHeading>
      <LeadsFilter />
      <LeadList filter={filter} />
    </>
  );
}

function LeadList({ filter }: { filter: LeadFilter }) {
  const t = useWords('leads');
  const leads = useLeads(filter);
  const onPhone = useOnPhone();
  const mayBulk = useMayBulk();
  const choosing = useChoosing(leads.data?.map(({ id }) => id) ?? [], JSON.stringify(filter));
  if (leads.isPending) return <Sheet><ListLoading what={t('list')} /></Sheet>;
  if (!leads.data) {
    return <Sheet><Failure error={leads.error} onRetry={() => void leads.refetch()} isRetrying={leads.isFetching} /></Sheet>;
  }
  if (leads.data.length === 0) return <Sheet><NoLeads isFiltered={Boolean(filter.q || filter.band || filter.segment)} /></Sheet>;
  return (
    <div aria-busy={leads.isPlaceholderData}>
      {leads.isError && <Stale error={leads.error} />}
      {mayBulk && <BulkBar choosing={choosing} everybody={{ filter }} hasMore={leads.hasNextPage} />}
      {onPhone ? <LeadCards leads={leads.data} choosing={mayBulk ? choosing : null} /> : <LeadTable leads={leads.data} choosing={mayBulk ? choosing : null} />}
      <LoadMore list={leads} />
    </div>
  );
}

/** The filter lives in the address, so that going back from a lead finds the list as it was. */
function useLeadFilter(): LeadFilter {
  const [search] = useSearchParams();
  const q = search.get('q')?.trim();
  const band = search.get('band');
  const segment = search.get('segment');
  return { ...(q ? { q } : {}), ...(isBand(band) ? { band } : {}), ...(segment ? { segment } : {}) };
}
