/** The box by which a lead of the list is chosen. */
import type { LeadRow } from '../api/types';
import { ChooseRow } from '../bulk/ChooseRow';
import type { Choosing } from '../bulk/useChoosing';
import { useWords } from '../i18n/useWords';
import { leadName } from './naming';

export function ChooseLead({ lead, choosing }: { lead: LeadRow; choosing: Choosing }) {
  const t = useWords('bulk');
  return (
    <ChooseRow
      label={t('choose_row', { name: leadName(lead) })} isOn={choosing.chosen.has(lead.id)}
      onToggle={(withShift) => choosing.toggle(lead.id, withShift)} testId="choose-lead"
    />
  );
}
