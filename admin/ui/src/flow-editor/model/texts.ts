/** A text that may be one for all channels or one by channel. Pure. */
import { isRecord, type Text } from './document';

export const CHANNELS = ['web', 'sms', 'telegram', 'voice', 'email'] as const;
export type SpokenOn = 'default' | (typeof CHANNELS)[number];

/** The text as written for a channel; empty where it has none of its own. */
export function textFor(text: unknown, channel: SpokenOn): string {
  if (typeof text === 'string') return channel === 'default' ? text : '';
  const own = isRecord(text) ? text[channel] : undefined;
  return typeof own === 'string' ? own : '';
}

/** What the channel really says. */
export function textHeard(text: unknown, channel: SpokenOn): string {
  return textFor(text, channel) || textFor(text, 'default');
}

/** Sets the text of a channel; an empty one is taken away, and one that is the only one is written plainly. */
export function withTextFor(text: unknown, channel: SpokenOn, said: string): Text | undefined {
  const byChannel = typeof text === 'string' ? { default: text } : isRecord(text) ? { ...(text as Record<string, string>) } : {};
  const changed: Record<string, string> = { ...byChannel, [channel]: said };
  if (said === '' && channel !== 'default') delete changed[channel];
  const others = Object.keys(changed).filter((key) => key !== 'default');
  if (others.length > 0) return changed;
  return changed.default ? changed.default : undefined;
}

/** The sentences of a text that has one on each line. */
export function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
}
