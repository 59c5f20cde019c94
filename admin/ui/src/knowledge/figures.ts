/** Shares before and after a change, as they are written in the language shown, and whether the change is one. */
import { figure } from '../i18n/said';

const SHOWN = 1_000; // parts: changes below a tenth of a percent are none

export function percent(share: number | null): string {
  return share === null ? '–' : `${figure(share * 100, 1)} %`;
}

/** Both as percent, and by how much it changed: 0 when one is not known or nobody could see it. */
export function beforeAndAfter(before: number | null, after: number | null): [string, string, number] {
  const change = before === null || after === null ? 0 : Math.round(after * SHOWN) - Math.round(before * SHOWN);
  return [percent(before), percent(after), change];
}
