/** Lists read by cursor. */
import { expect, test } from 'vitest';
import { byCursor, rowsOf } from './paging';

test('a row that moved to a later page while it was read is shown once, where it came first', () => {
  const [first, second] = [[{ id: 'a', page: 1 }, { id: 'b', page: 1 }], [{ id: 'a', page: 2 }, { id: 'c', page: 2 }]];
  expect(rowsOf({ pages: [{ items: first }, { items: second }] })).toEqual([...first, second[1]]);
});

test('the first page is asked for without a cursor, the next by the cursor of the one before, until there is none', async () => {
  const list = byCursor(async (from: { cursor?: string }) => ({ from, next_cursor: from.cursor === undefined ? 'there' : null }));
  const { signal } = new AbortController();
  const first = await list.queryFn({ pageParam: list.initialPageParam, signal });
  expect(first.from).toEqual({});
  const next = await list.queryFn({ pageParam: list.getNextPageParam(first) ?? '', signal });
  expect(next.from).toEqual({ cursor: 'there' });
  expect(list.getNextPageParam(next)).toBeNull();
});
