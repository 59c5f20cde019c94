/** Lists read by cursor. */
import { expect, test } from 'vitest';
import { withoutRepeats } from './paging';

test('a row that moved to a later page while it was read is shown once, where it came first', () => {
  const rows = [{ id: 'a', page: 1 }, { id: 'b', page: 1 }, { id: 'a', page: 2 }, { id: 'c', page: 2 }];
  expect(withoutRepeats(rows)).toEqual([rows[0], rows[1], rows[3]]);
});
