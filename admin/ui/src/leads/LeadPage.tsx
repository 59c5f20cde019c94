/** One lead with its whole story: why this score, what may be sent, what was said, what comes next. */
import { Skeleton, Stack } from '@mantine/core';
import { IconUserOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLocation, useParams } from 'react-router';
import { APIError } from '../api/problem';
import type { Lead } from '../api/types';
import { BelongingPanel } from '../contacts/BelongingPanel';
import { FieldsPanel } from '../contacts/FieldsPanel';
import { IdentitiesPanel } from '../contacts/IdentitiesPanel';
import { JourneysPanel } from '../contacts/JourneysPanel';
import { ScoreKinds } from '../contacts/ScoreKinds';
import { FollowUpItem } from '../follow-ups/FollowUpItem';
import { useWords } from '../i18n/useWords';
import { BackLink } from '../look/BackLink';
import { ListLoading } from '../look/Loading';
import { Failure, Nothing, Stale } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Panel, Sheet } from '../look/Panel';
import { ConsentPanel } from './ConsentPanel';
import { LeadHeader } from './LeadHeader';
import styles from './LeadPage.module.css';
import { LeadTimeline } from './LeadTimeline';
import { ScoreReasons } from './ScoreReasons';
import { Transcript } from './Transcript';
import { useLead } from './useLeads';

export function LeadPage() {
  const { leadId = '' } = useParams();
  // What the parts say is loaded at once, not area after area.
  useTranslation(['leads', 'follow_ups', 'event_kinds']);
  return (
    <>
      <BackToLeads />
      {/* A key, so that nothing of one person is ever shown under another's name. */}
      <LeadStory key={leadId} id={leadId} />
    </>
  );
}

function LeadStory({ id }: { id: string }) {
  const lead = useLead(id);
  if (lead.isPending) return <LeadLoading />;
  if (!lead.data) return <NoLead error={lead.error} onRetry={() => void lead.refetch()} isRetrying={lead.isFetching} />;
  return (
    <>
      {lead.isError && <Stale error={lead.error} />}
      <LeadHeader lead={lead.data} />
      <div className={styles.story}>
        <Why lead={lead.data} />
        <div className={styles.talk}>
          <Transcript messages={lead.data.transcript} conversations={lead.data.conversations} />
        </div>
        <Stack gap="md" className={styles.background ?? ''}>
          <BelongingPanel lead={lead.data} />
          <FieldsPanel lead={lead.data} />
          <IdentitiesPanel contactId={id} />
          <LeadTimeline events={lead.data.timeline} />
        </Stack>
      </div>
    </>
  );
}

/** What the page is opened for: the score's reasons, what may be sent, what comes next. */
function Why({ lead }: { lead: Lead }) {
  const t = useWords('follow_ups');
  const turns = new Set(lead.transcript.map(({ id }) => id));
  return (
    <Stack gap="md" className={styles.why ?? ''}>
      <ScoreReasons reasons={lead.reasons} score={lead.score} turns={turns} />
      <ScoreKinds contactId={lead.id} score={lead.score} />
      <ConsentPanel contactId={lead.id} consents={lead.consents} events={lead.consent_events} turns={turns} />
      <Panel title={t('title')}>
        {lead.follow_ups.length === 0 && <p className={styles.none}>{t('none_planned')}</p>}
        <ul className={styles.list}>
          {lead.follow_ups.map((followUp) => <FollowUpItem key={followUp.id} followUp={followUp} isOnLeadPage />)}
        </ul>
      </Panel>
      <JourneysPanel contactId={lead.id} />
    </Stack>
  );
}

function BackToLeads() {
  const t = useWords('leads');
  const state: unknown = useLocation().state;
  const search = typeof state === 'object' && state !== null && 'search' in state ? String(state.search) : '';
  return <BackLink to={{ pathname: '/leads', search }}>{t('title')}</BackLink>;
}

interface NoLeadProps {
  error: Error;
  onRetry: () => void;
  isRetrying: boolean;
}

function NoLead({ error, onRetry, isRetrying }: NoLeadProps) {
  const t = useWords('leads');
  const isUnknown = error instanceof APIError && (error.status === 404 || error.status === 422 || error.status === 400);
  return (
    <>
      <PageHeading title={t('one')} />
      <Sheet>
        {isUnknown ? (
          <Nothing icon={IconUserOff} title={t('gone')}>
            <span className={styles.none}>{t('gone_hint')}</span>
          </Nothing>
        ) : (
          <Failure error={error} onRetry={onRetry} isRetrying={isRetrying} />
        )}
      </Sheet>
    </>
  );
}

function LeadLoading() {
  const t = useWords('leads');
  return (
    <>
      <PageHeading title={t('one')} />
      <Skeleton height={120} mb="md" radius="lg" />
      <Sheet><ListLoading what={t('the_lead')} /></Sheet>
    </>
  );
}
