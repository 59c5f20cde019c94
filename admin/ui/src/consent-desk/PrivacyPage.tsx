/** The desk of the privacy officer: requests with their clock, doubtful opt-outs, and proofs. */
import { Tabs } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { useWords } from '../i18n/useWords';
import { PageHeading } from '../look/PageHeading';
import { OptOutReviews } from './OptOutReviews';
import { Proofs } from './Proofs';
import { Requests } from './Requests';

const TABS = ['requests', 'opt_outs', 'proofs'] as const;
type Tab = (typeof TABS)[number];

export function PrivacyPage() {
  const t = useWords('privacy');
  const [search, setSearch] = useSearchParams();
  const tab: Tab = TABS.find((one) => one === search.get('show')) ?? 'requests';
  return (
    <>
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      <Tabs value={tab} onChange={(next) => setSearch(next && next !== 'requests' ? { show: next } : {}, { replace: true })} keepMounted={false}>
        <Tabs.List mb="md" aria-label={t('title')}>
          {TABS.map((one) => <Tabs.Tab key={one} value={one} data-testid={`privacy-${one}`}>{t(one)}</Tabs.Tab>)}
        </Tabs.List>
        <Tabs.Panel value="requests"><Requests /></Tabs.Panel>
        <Tabs.Panel value="opt_outs"><OptOutReviews /></Tabs.Panel>
        <Tabs.Panel value="proofs"><Proofs /></Tabs.Panel>
      </Tabs>
    </>
  );
}
