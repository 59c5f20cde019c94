/** Why the lead has its score: each reason in words, its points and the turn it came from. */
import { Text } from '@mantine/core';
import type { ScoreReason } from '../api/types';
import { useWords } from '../i18n/useWords';
import { Moment } from '../look/Moment';
import { Panel } from '../look/Panel';
import styles from './LeadPage.module.css';
import { TurnLink } from './TurnLink';

interface Props {
  reasons: readonly ScoreReason[];
  score: number;
  turns: ReadonlySet<string>;
}

export function ScoreReasons({ reasons, score, turns }: Props) {
  const t = useWords('leads');
  const total = <Text component="span" size="sm" c="dimmed" className="tabular">{t('points', { count: score, number: score })}</Text>;
  return (
    <Panel title={t('why_score')} aside={total}>
      {reasons.length === 0 && <p className={styles.none}>{t('no_points')}</p>}
      <ul className={styles.list}>
        {reasons.map((reason) => <Reason key={reason.id} reason={reason} turns={turns} />)}
      </ul>
    </Panel>
  );
}

function Reason({ reason, turns }: { reason: ScoreReason; turns: ReadonlySet<string> }) {
  const t = useWords('leads');
  return (
    <li className={styles.reason} data-testid="reason">
      <span className={`${styles.points} tabular`}>{signed(reason.points)}</span>
      <div className={styles.reasonText}>
        <span className="untrusted">{reason.reason}</span>
        <div className={styles.small}>
          <Moment at={reason.at} as="day" />
          <code className={styles.rule}>{reason.rule}</code>
        </div>
      </div>
      <TurnLink messageId={reason.message_id} turns={turns}>{t('in_chat')}</TurnLink>
    </li>
  );
}

function signed(points: number): string {
  return points < 0 ? `−${-points}` : `+${points}`;
}
