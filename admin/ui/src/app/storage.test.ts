import { afterEach, expect, it, vi } from 'vitest';
import { keep, kept, letGo } from './storage';

afterEach(() => vi.unstubAllGlobals());

it('keeps what it is given until it is let go', () => {
  const held = new Map<string, string>();
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => held.get(name) ?? null,
    setItem: (name: string, value: string) => void held.set(name, value),
    removeItem: (name: string) => void held.delete(name),
  });
  keep('tab', 'draft', 'Dear');
  expect(kept('tab', 'draft')).toBe('Dear');
  letGo('tab', 'draft');
  expect(kept('tab', 'draft')).toBeNull();
});

it('is empty where the browser refuses its storage, and says nothing of it', () => {
  for (const name of ['sessionStorage', 'localStorage']) {
    Object.defineProperty(globalThis, name, { configurable: true, get: () => { throw new DOMException('denied', 'SecurityError'); } });
  }
  for (const where of ['tab', 'browser'] as const) {
    keep(where, 'draft', 'Dear');
    letGo(where, 'other');
    expect(kept(where, 'draft')).toBeNull();
  }
  Reflect.deleteProperty(globalThis, 'sessionStorage');
  Reflect.deleteProperty(globalThis, 'localStorage');
});

it('is what the pages keep things by, so that a window that keeps nothing shows them all the same', () => {
  const sources = import.meta.glob<string>('../**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true });
  const asking = Object.keys(sources).filter((path) => !path.endsWith('.test.ts') && /\b(session|local)Storage\b/.test(sources[path] ?? ''));
  // Whoever comes back from the company's log-in cannot do so without the ticket that was kept.
  expect(asking.sort()).toEqual(['../session/useSingleSignOn.ts', './storage.ts']);
});
