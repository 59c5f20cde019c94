/** One follow-up: when, to whom, what, and what became of it with the reason. */
import { Link } from 'react-router';
import type { FollowUp } from '../api/types';
import { useWords } from '../i18n/useWords';
import { leadName } from '../leads/naming';
import { ChannelIcon } from '../look/ChannelIcon';
import { Moment } from '../look/Moment';
import { Tag } from '../look/Tag';
import { channelName, plainWords } from '../look/words';
import { useMay } from '../session/useMay';
import styles from './FollowUpItem.module.css';
import { meaningOf, stateLook, stateName } from './states';

interface Props {
  followUp: FollowUp;
  /** On the lead's own page the lead is not named again and everything stands below each other. */
  isOnLeadPage?: boolean;
}

export function FollowUpItem({ followUp, isOnLeadPage = false }: Props) {
  return (
    <li className={styles.item} data-compact={isOnLeadPage} data-testid="follow-up-row" data-state={followUp.state}>
      <div className={styles.grid}>
        <div className={styles.due}>
          <Moment at={followUp.due_at} as="day" />
          <div className={styles.soft}><Moment at={followUp.due_at} as="near" /></div>
        </div>
        <State followUp={followUp} />
        <Message followUp={followUp} isOnLeadPage={isOnLeadPage} />
        <Why followUp={followUp} />
      </div>
    </li>
  );
}

function Message({ followUp, isOnLeadPage }: Required<Props>) {
  const t = useWords('follow_ups');
  const { lead, channel, journey, step, subject } = followUp;
  const path = [channel ? channelName(channel) : t('channel_open'), plainWords(journey), step && plainWords(step)];
  return (
    <div className={styles.what}>
      {!isOnLeadPage && <Link to={`/leads/${lead.id}`} className={styles.lead}><bdi>{leadName(lead)}</bdi></Link>}
      {subject && <div className={`${styles.subject} untrusted`} dir="auto">{subject}</div>}
      <div className={`${styles.soft} ${styles.way}`}>
        <ChannelIcon channel={channel ?? ''} size={14} />
        {path.filter(Boolean).join(' · ')}
      </div>
      <Wording followUp={followUp} />
      <ProofLink followUp={followUp} />
    </div>
  );
}

/** What is only planned has nothing to prove yet. */
function ProofLink({ followUp: { id, state } }: Pick<Props, 'followUp'>) {
  const t = useWords('follow_ups');
  const may = useMay();
  if (state === 'planned' || !may('privacy.read')) return null;
  return <Link to={`/privacy?show=proofs&message=${id}`} className={styles.proof}>{t('proof')}</Link>;
}

/** The message; for one that a journey has yet to write, the API says here what is still open about it. */
function Wording({ followUp: { state, subject, text } }: Pick<Props, 'followUp'>) {
  const t = useWords('follow_ups');
  if (!text) return null;
  if (state === 'planned' && !subject) return <div className={`${styles.soft} untrusted`} dir="auto">{text}</div>;
  return (
    <details className={styles.text}>
      <summary>{t('message')}</summary>
      <div className="untrusted" dir="auto">{text}</div>
    </details>
  );
}

function State({ followUp }: Pick<Props, 'followUp'>) {
  const t = useWords('follow_ups');
  const { tone, icon } = stateLook(followUp.state);
  return (
    <div className={styles.state}>
      <Tag tone={tone} icon={icon}>{stateName(followUp.state)}</Tag>
      {followUp.attempts > 1 && <span className={styles.soft}>{t('after_attempts', { count: followUp.attempts, number: followUp.attempts })}</span>}
    </div>
  );
}

/** The reason the gate or the provider gave; without one, what the state means. */
function Why({ followUp }: Pick<Props, 'followUp'>) {
  const t = useWords('follow_ups');
  const { reason, state, channel } = followUp;
  if (!reason) return <div className={`${styles.why} ${styles.soft}`}>{meaningOf(state, channel)}</div>;
  return (
    <div className={styles.why} data-testid="follow-up-reason">
      {reason.text}
      {reason.until && <span className={styles.soft}> {t('until')} <Moment at={reason.until} as="inline" />.</span>}
      <code className={styles.rule}>{reason.rule}</code>
    </div>
  );
}
