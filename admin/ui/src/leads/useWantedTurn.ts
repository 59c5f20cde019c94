/** Brings the turn named in the address into view: when a reason's link is followed and when such an address is opened. */
import { useEffect, useRef, type RefObject } from 'react';
import { useLocation } from 'react-router';
import type { TranscriptMessage } from '../api/types';
import { turnAnchor } from './TurnLink';

/** The id of the wanted turn, or null. Each visit scrolls and moves focus once; renewed data does not. */
export function useWantedTurn(messages: readonly TranscriptMessage[], scroll: RefObject<HTMLElement | null>): string | null {
  const { hash, key } = useLocation();
  const served = useRef('');
  const wanted = hash ? (messages.find(({ id }) => `#${turnAnchor(id)}` === hash)?.id ?? null) : null;
  useEffect(() => {
    const visit = `${key}${hash}`;
    if (!wanted || served.current === visit) return;
    served.current = visit;
    const turn = document.getElementById(turnAnchor(wanted));
    if (turn) showTurn(turn, scroll.current);
  }, [wanted, hash, key, scroll]);
  return wanted;
}

/** Centres the turn in the transcript; the page itself moves no further than it must, so the link stays in sight. */
function showTurn(turn: HTMLElement, scroll: HTMLElement | null): void {
  if (scroll) {
    const above = turn.getBoundingClientRect().top - scroll.getBoundingClientRect().top;
    scroll.scrollTop += above - (scroll.clientHeight - turn.clientHeight) / 2;
  }
  turn.scrollIntoView({ block: 'nearest' });
  turn.focus({ preventScroll: true });
}
