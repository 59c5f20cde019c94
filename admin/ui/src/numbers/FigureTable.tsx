/** Figures as a table that is also the chart: each row with a bar, which says nothing that its figures do not. */
import styles from './Numbers.module.css';

export interface Bar {
  /** Of the whole width, 0 to 1; null where there is nothing to draw. */
  value: number | null;
  /** Where the value surely lies. */
  between?: readonly [low: number, high: number];
}

export interface Row {
  key: string;
  name: string;
  cells: readonly string[];
  bar?: Bar;
}

interface Props {
  caption: string;
  headings: readonly string[];
  rows: readonly Row[];
  testId?: string;
}

export function FigureTable({ caption, headings, rows, testId }: Props) {
  const isDrawn = rows.some(({ bar }) => bar);
  return (
    // It can be moved by keyboard where it is too wide.
    <div className={styles.frame} tabIndex={0} role="region" aria-label={caption}>
      <table className={styles.table} data-testid={testId}>
        <caption>{caption}</caption>
        <thead>
          <tr>{headings.map((heading) => <th key={heading} scope="col">{heading}</th>)}{isDrawn && <td />}</tr>
        </thead>
        <tbody>
          {rows.map(({ key, name, cells, bar }) => (
            <tr key={key}>
              <th scope="row" dir="auto">{name}</th>
              {cells.map((cell, at) => <td key={headings[at + 1]}>{cell}</td>)}
              {isDrawn && <td className={styles.drawn} aria-hidden>{bar && <Drawn bar={bar} />}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Drawn({ bar: { value, between } }: { bar: Bar }) {
  if (value === null) return null;
  return (
    <svg className={styles.bar} viewBox="0 0 100 14" preserveAspectRatio="none">
      <rect x={0} y={2} width={100} height={10} fill="var(--wash)" />
      <rect x={0} y={2} width={100 * value} height={10} fill="var(--accent)" />
      {between && <line x1={100 * between[0]} x2={100 * between[1]} y1={7} y2={7} stroke="var(--warm-mark)" strokeWidth={3} />}
    </svg>
  );
}
