/** A moment shown in words, with the exact time behind it. */
import { useLanguage } from '../i18n/useLanguage';
import { day, inFull, inWords, isNear, timeOfDay } from './time';
import { useNow } from './useNow';

interface Props {
  at: string;
  /** `relative`: "4 minutes ago"; `near`: the same, nothing beyond a day; `clock`: "14:05"; `day`: "Today, 14:05"; `inline`: "today, 14:05". */
  as?: 'relative' | 'near' | 'clock' | 'day' | 'inline';
}

export function Moment({ at, as = 'relative' }: Props) {
  useLanguage(); // renders anew when another is spoken
  const now = useNow();
  const moment = new Date(at);
  const dayAndTime = () => `${day(moment, now)}, ${timeOfDay(moment)}`;
  const words = {
    relative: () => inWords(moment, now),
    near: () => (isNear(moment, now) ? inWords(moment, now) : ''),
    clock: () => timeOfDay(moment),
    day: dayAndTime,
    // Only the first letter: months keep theirs.
    inline: () => dayAndTime().replace(/^\p{L}/u, (letter) => letter.toLowerCase()),
  }[as]();
  if (!words) return null;
  return (
    <time dateTime={at} title={inFull(moment)}>
      {words}
    </time>
  );
}
