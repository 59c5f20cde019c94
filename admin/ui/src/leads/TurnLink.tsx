/** A link to the chat turn that something came from. */
import { IconArrowRight } from '@tabler/icons-react';
import { Link, useLocation } from 'react-router';
import styles from './LeadPage.module.css';

interface Props {
  messageId: string | null;
  /** The turns on this page: one that is not there gets no link. */
  turns: ReadonlySet<string>;
  children: string;
}

export function turnAnchor(messageId: string): string {
  return `message-${messageId}`;
}

export function TurnLink({ messageId, turns, children }: Props) {
  const { search, state } = useLocation();
  if (!messageId || !turns.has(messageId)) return null;
  // preventScrollReset: the transcript scrolls to its turn itself; replace: ten looks are not ten steps back.
  return (
    <Link to={{ search, hash: turnAnchor(messageId) }} state={state} replace preventScrollReset className={styles.turnLink}>
      {children} <IconArrowRight size={12} aria-hidden />
    </Link>
  );
}
