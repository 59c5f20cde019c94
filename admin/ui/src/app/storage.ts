/** What the browser keeps for us, where it keeps anything: a window that may keep nothing is as one that never did. */

/** `tab` goes with the tab; `browser` stays until it is taken away. */
type Where = 'tab' | 'browser';

export function kept(where: Where, name: string): string | null {
  return tried(() => storageOf(where).getItem(name));
}

export function keep(where: Where, name: string, value: string): void {
  tried(() => storageOf(where).setItem(name, value));
}

export function letGo(where: Where, name: string): void {
  tried(() => storageOf(where).removeItem(name));
}

// Where a browser keeps nothing, even asking for the storage throws.
function storageOf(where: Where) {
  return where === 'tab' ? sessionStorage : localStorage;
}

function tried<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch {
    return null;
  }
}
