/** A sign for each group of steps. */
import {
  IconArrowsSplit2, IconArrowForwardUp, IconBolt, IconBulb, IconClock, IconDoorEnter, IconDoorExit, IconHelpCircle, IconMessage2, IconSend, IconShieldCheck, IconSquare, type Icon,
} from '@tabler/icons-react';

const ICONS: Readonly<Record<string, Icon>> = {
  say: IconMessage2, ask: IconHelpCircle, consent: IconShieldCheck, understand: IconBulb, decide: IconArrowsSplit2, do: IconBolt, move: IconArrowForwardUp,
  enter: IconDoorEnter, time: IconClock, talk: IconSend, leave: IconDoorExit,
};

export function iconOf(group: string): Icon {
  return ICONS[group] ?? IconSquare;
}
