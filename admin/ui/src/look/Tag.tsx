/** A small label with a tone. The tone only repeats what the words and the icon already say. */
import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import styles from './Tag.module.css';

export type Tone = 'plain' | 'good' | 'bad' | 'hot' | 'warm' | 'cold';

interface Props {
  tone?: Tone;
  icon?: Icon;
  title?: string;
  children: ReactNode;
}

export function Tag({ tone = 'plain', icon: Mark, title, children }: Props) {
  return (
    <span className={styles.tag} data-tone={tone} title={title}>
      {Mark && <Mark size={13} stroke={2} aria-hidden />}
      {children}
    </span>
  );
}
