/** A sheet of paper on the page, with a heading of its own. */
import { useId, type ReactNode } from 'react';
import styles from './Panel.module.css';

interface Props {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  className?: string | undefined;
}

export function Panel({ title, aside, children, className }: Props) {
  const id = useId();
  return (
    <section className={[styles.panel, className].filter(Boolean).join(' ')} aria-labelledby={id}>
      <header className={styles.head}>
        <h2 id={id} className={styles.title}>
          {title}
        </h2>
        {aside}
      </header>
      <div className={styles.body}>{children}</div>
    </section>
  );
}

/** The same paper without a heading, for a list that the page's own heading names. */
export function Sheet({ children }: { children: ReactNode }) {
  return <div className={styles.panel}>{children}</div>;
}
