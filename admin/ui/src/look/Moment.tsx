/** A moment shown in words, with the exact time behind it. */
import { day, inFull, inWords, timeOfDay } from './time';
import { useNow } from './useNow';

interface Props {
  at: string;
  /** `relative`: "4 minutes ago"; `clock`: "14:05"; `day`: "Today, 14:05". */
  as?: 'relative' | 'clock' | 'day';
}

export function Moment({ at, as = 'relative' }: Props) {
  const now = useNow();
  const moment = new Date(at);
  const words = {
    relative: () => inWords(moment, now),
    clock: () => timeOfDay(moment),
    day: () => `${day(moment, now)}, ${timeOfDay(moment)}`,
  }[as]();
  return (
    <time dateTime={at} title={inFull(moment)}>
      {words}
    </time>
  );
}
