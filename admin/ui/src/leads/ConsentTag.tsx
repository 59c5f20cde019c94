/** The state of consent as a tag. */
import { IconArrowBackUp, IconCheck, IconMinus, IconX, type Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Tag, type Tone } from '../look/Tag';

const LOOKS: Record<string, { tone: Tone; icon: Icon }> = {
  given: { tone: 'good', icon: IconCheck },
  refused: { tone: 'bad', icon: IconX },
  withdrawn: { tone: 'bad', icon: IconArrowBackUp },
};

const UNASKED: { tone: Tone; icon: Icon } = { tone: 'plain', icon: IconMinus };

export function ConsentTag({ state, title, children }: { state: string; title?: string; children: ReactNode }) {
  const { tone, icon } = LOOKS[state] ?? UNASKED;
  return (
    <Tag tone={tone} icon={icon} {...(title ? { title } : {})}>
      {children}
    </Tag>
  );
}
