/** Brings the turn named in the address into view: when a reason's link is followed and when such an address is opened. */
import { useEffect, useRef } from 'react';
import { useLocation } from 'react-router';
import type { TranscriptMessage } from '../api/types';
import { turnAnchor } from './TurnLink';

/** The id of the wanted turn, or null. Each visit scrolls and moves focus once; renewed data does not. */
export function useWantedTurn(messages: readonly TranscriptMessage[]): string | null {
  const { hash, key } = useLocation();
  const served = useRef('');
  const wanted = hash ? (messages.find(({ id }) => `#${turnAnchor(id)}` === hash)?.id ?? null) : null;
  useEffect(() => {
    const visit = `${key}${hash}`;
    if (!wanted || served.current === visit) return;
    served.current = visit;
    const turn = document.getElementById(turnAnchor(wanted));
    turn?.scrollIntoView({ block: 'center' });
    turn?.focus({ preventScroll: true });
  }, [wanted, hash, key]);
  return wanted;
}
