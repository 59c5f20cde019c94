/** The state of an import as a tag. */
import { IconAlertTriangle, IconArrowBackUp, IconBan, IconCheck, IconClock, IconFile, IconLoader2, type Icon } from '@tabler/icons-react';
import { useWords } from '../i18n/useWords';
import { Tag, type Tone } from '../look/Tag';
import type { Import } from './types';

const LOOKS: Record<Import['state'], { tone: Tone; icon: Icon }> = {
  uploaded: { tone: 'warm', icon: IconFile },
  waiting: { tone: 'cold', icon: IconClock },
  running: { tone: 'cold', icon: IconLoader2 },
  done: { tone: 'good', icon: IconCheck },
  failed: { tone: 'bad', icon: IconAlertTriangle },
  cancelled: { tone: 'plain', icon: IconBan },
  undoing: { tone: 'cold', icon: IconArrowBackUp },
  undone: { tone: 'plain', icon: IconArrowBackUp },
};

export function StateTag({ state }: Pick<Import, 'state'>) {
  const t = useWords('imports');
  const { tone, icon } = LOOKS[state];
  return <Tag tone={tone} icon={icon}>{t(`state_${state}`)}</Tag>;
}
