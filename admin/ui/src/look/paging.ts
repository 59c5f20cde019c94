/** What every list read by cursor shares. Pure. */

/** How often a list or page is renewed while it is visible, in milliseconds. */
export const FRESH_PERIOD = 5_000;

/** What an infinite query needs to read a list: `load` is given the cursor to send, or nothing for the first page. */
export function byCursor<Page extends { next_cursor: string | null }>(load: (from: { cursor?: string }, signal: AbortSignal) => Promise<Page>) {
  return {
    queryFn: ({ pageParam, signal }: { pageParam: string; signal: AbortSignal }) => load(pageParam ? { cursor: pageParam } : {}, signal),
    initialPageParam: '',
    getNextPageParam: (page: Page) => page.next_cursor,
  };
}

/** All rows of the pages read so far. Rows move between pages while they are read; each is shown once, where it came first. */
export function rowsOf<Row extends { id: string }>({ pages }: { pages: readonly { items: readonly Row[] }[] }): Row[] {
  const seen = new Set<string>();
  return pages.flatMap((page) => page.items).filter(({ id }) => !seen.has(id) && seen.add(id));
}
