/** One proposal: what it adds, what that changes as it was measured, and the decision. */
import { Alert, Button, Loader } from '@mantine/core';
import { useParams } from 'react-router';
import { useWords } from '../i18n/useWords';
import { BackLink } from '../look/BackLink';
import { ListLoading } from '../look/Loading';
import { Failure, Refused } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Panel, Sheet } from '../look/Panel';
import { useMay } from '../session/useMay';
import { ArticleEffectView, IntentEffectView } from './Effects';
import styles from './Knowledge.module.css';
import { StatusTag } from './Proposals';
import type { Proposal } from './types';
import { isWorking, useDecide, useProposal } from './useKnowledge';

export function ProposalPage() {
  const { proposalId = '' } = useParams();
  const t = useWords('knowledge');
  const proposal = useProposal(proposalId);
  return (
    <>
      <BackLink to="/knowledge?show=proposals">{t('proposals')}</BackLink>
      <PageHeading title={proposal.data ? (proposal.data.title ?? proposal.data.target) : t('proposal')}>
        {proposal.data && t(proposal.data.kind === 'intent' ? 'adds_examples' : 'adds_questions', { count: proposal.data.texts.length })}
      </PageHeading>
      {proposal.isPending && <Sheet><ListLoading what={t('proposal')} /></Sheet>}
      {proposal.isError && !proposal.data && <Sheet><Failure error={proposal.error} onRetry={() => void proposal.refetch()} isRetrying={proposal.isFetching} /></Sheet>}
      {proposal.data && <View proposal={proposal.data} />}
    </>
  );
}

function View({ proposal }: { proposal: Proposal }) {
  const t = useWords('knowledge');
  return (
    <div className={styles.panels}>
      <Panel title={t('effect')} aside={<StatusTag status={proposal.status} />}>
        {proposal.problem && <Alert color="red" mb="md" role="alert">{proposal.problem}</Alert>}
        {proposal.outdated && <Alert bg="var(--warm-soft)" mb="md" role="status">{t('outdated')}</Alert>}
        {isWorking(proposal.status) && <p className={styles.soft} role="status"><Loader size="xs" color="gray" aria-hidden /> {t(proposal.status === 'publishing' ? 'publishing' : 'measuring')}</p>}
        {proposal.effect?.kind === 'intent' && <IntentEffectView effect={proposal.effect} />}
        {proposal.effect?.kind === 'article' && <ArticleEffectView effect={proposal.effect} />}
        <Decision proposal={proposal} />
      </Panel>
      <Panel title={t('what_it_adds')}>
        <ul className={styles.texts}>{proposal.texts.map((text) => <li key={text} className="untrusted" lang={proposal.language} dir="auto">{text}</li>)}</ul>
        {proposal.body && <blockquote className={`${styles.quote} untrusted`} lang={proposal.language} dir="auto">{proposal.body}</blockquote>}
      </Panel>
    </div>
  );
}

function Decision({ proposal }: { proposal: Proposal }) {
  const t = useWords('knowledge');
  const may = useMay();
  const accept = useDecide(proposal.id, 'accept');
  const reject = useDecide(proposal.id, 'reject');
  const measure = useDecide(proposal.id, 'measure');
  const error = accept.error ?? reject.error ?? measure.error;
  if (['accepted', 'rejected', 'publishing'].includes(proposal.status) || !may('knowledge.write')) return null;
  const isMeasured = proposal.status === 'ready' && !proposal.outdated;
  return (
    <>
      <div className={styles.bar}>
        <Button disabled={!isMeasured} loading={accept.isPending} onClick={() => accept.mutate(undefined)} data-testid="accept-proposal">{t('accept')}</Button>
        <Button variant="default" loading={reject.isPending} onClick={() => reject.mutate(undefined)} data-testid="reject-proposal">{t('reject')}</Button>
        {!isWorking(proposal.status) && <Button variant="subtle" color="var(--accent)" loading={measure.isPending} onClick={() => measure.mutate(undefined)}>{t('measure')}</Button>}
      </div>
      <Refused error={error} mt="sm" />
    </>
  );
}
