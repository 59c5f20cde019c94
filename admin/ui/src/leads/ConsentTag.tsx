/** The state of consent, or an event of the ledger, as a tag. */
import { IconArrowBackUp, IconCheck, IconChecks, IconClockOff, IconFileImport, IconMinus, IconQuestionMark, IconX, type Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Tag, type Tone } from '../look/Tag';

const LOOKS: Record<string, { tone: Tone; icon: Icon }> = {
  given: { tone: 'good', icon: IconCheck },
  confirmed: { tone: 'good', icon: IconChecks },
  imported: { tone: 'good', icon: IconFileImport },
  requested: { tone: 'plain', icon: IconQuestionMark },
  expired: { tone: 'plain', icon: IconClockOff },
  refused: { tone: 'bad', icon: IconX },
  withdrawn: { tone: 'bad', icon: IconArrowBackUp },
};

const OTHER: { tone: Tone; icon: Icon } = { tone: 'plain', icon: IconMinus };

export function ConsentTag({ state, title, children }: { state: string; title?: string; children: ReactNode }) {
  const { tone, icon } = LOOKS[state] ?? OTHER;
  return (
    <Tag tone={tone} icon={icon} {...(title ? { title } : {})}>
      {children}
    </Tag>
  );
}
