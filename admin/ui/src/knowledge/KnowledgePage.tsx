/** What the bot did not understand, what is proposed to mend it, and what it knows. */
import { Tabs } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { useWords } from '../i18n/useWords';
import { PageHeading } from '../look/PageHeading';
import { Articles } from './Articles';
import { Gaps } from './Gaps';
import { Proposals } from './Proposals';

const TABS = ['gaps', 'proposals', 'articles'] as const;

export function KnowledgePage() {
  const t = useWords('knowledge');
  const [search, setSearch] = useSearchParams();
  const tab = TABS.find((one) => one === search.get('show')) ?? 'gaps';
  return (
    <>
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      <Tabs value={tab} onChange={(next) => setSearch(next && next !== 'gaps' ? { show: next } : {}, { replace: true })} keepMounted={false}>
        <Tabs.List mb="md" aria-label={t('title')}>
          {TABS.map((one) => <Tabs.Tab key={one} value={one} data-testid={`knowledge-${one}`}>{t(one)}</Tabs.Tab>)}
        </Tabs.List>
        <Tabs.Panel value="gaps"><Gaps /></Tabs.Panel>
        <Tabs.Panel value="proposals"><Proposals /></Tabs.Panel>
        <Tabs.Panel value="articles"><Articles /></Tabs.Panel>
      </Tabs>
    </>
  );
}
