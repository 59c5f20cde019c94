/** The present, renewed often enough for "4 minutes ago" to stay true; one timer for the whole page. */
import { useSyncExternalStore } from 'react';

const PERIOD = 20_000; // milliseconds

const readers = new Set<() => void>();
let now = new Date();
let timer: number | undefined;

function tick(): void {
  now = new Date();
  readers.forEach((read) => read());
}

function subscribe(read: () => void): () => void {
  if (readers.size === 0) {
    now = new Date();
    timer = window.setInterval(tick, PERIOD);
  }
  readers.add(read);
  return () => {
    readers.delete(read);
    if (readers.size === 0) window.clearInterval(timer);
  };
}

export function useNow(): Date {
  return useSyncExternalStore(subscribe, () => now);
}
