/**
 * What an open page does when a part of it is no longer there, as a newer build is out: it is loaded again, once.
 *
 * Where somebody was going elsewhere, that is where they arrive. What they had begun to write is kept by whoever holds it.
 */
import type { Location } from 'react-router';
import { wasJustNow } from './justNow';
import { keep, kept } from './storage';

const RELOADED_AT = 'parley.reloaded_at';
const PATIENCE = 5_000; // milliseconds that saving may take

type Keep = () => void | Promise<unknown>;
const keepers = new Set<Keep>();
let isLeaving = false;

/** The part of the router that says where somebody is going. */
export interface Ways {
  state: { navigation: { location?: Location | undefined } };
  createHref(to: Location): string;
}

/** Has something kept before the page is loaded again; returns what ends that. */
export function keepBeforeReload(keep: Keep): () => void {
  keepers.add(keep);
  return () => void keepers.delete(keep);
}

/** Whether the page is about to be loaded again: what fails meanwhile is not worth a word. */
export function isReloading(): boolean {
  return isLeaving;
}

/** Watches for parts that cannot be loaded. */
export function reloadForNewBuild(ways: Ways): void {
  window.addEventListener('vite:preloadError', () => {
    // A second time soon after is no new build: then the page says that it failed.
    if (isLeaving || wasJustNow(kept('tab', RELOADED_AT), Date.now())) return;
    keep('tab', RELOADED_AT, String(Date.now()));
    // Where nothing is kept, a second time could not be told from the first: it might be loaded for ever.
    if (kept('tab', RELOADED_AT) === null) return;
    isLeaving = true;
    const to = ways.state.navigation.location;
    const saved = [...keepers].map(async (keep) => keep());
    const patience = new Promise((resolve) => { window.setTimeout(resolve, PATIENCE); });
    void Promise.race([Promise.allSettled(saved), patience]).then(() => {
      if (to) window.location.assign(ways.createHref(to));
      else window.location.reload();
    });
  });
}
