/** The first rows as they would come out, with what is wrong with them. */
import { useWords } from '../i18n/useWords';
import { plainWords } from '../look/words';
import styles from './Imports.module.css';
import type { Preview } from './types';

export function PreviewTable({ preview }: { preview: Preview }) {
  const t = useWords('imports');
  const names = [...new Set(preview.rows.flatMap((row) => Object.keys(row.values)))];
  if (preview.rows.length === 0) return <p className={styles.soft}>{t('no_rows')}</p>;
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('preview')} data-testid="import-preview">
      <table className={styles.preview}>
        <thead>
          <tr>
            <th scope="col">{t('row')}</th>
            {names.map((name) => <th key={name} scope="col">{plainWords(name)}</th>)}
            <th scope="col">{t('wrong')}</th>
          </tr>
        </thead>
        <tbody>
          {preview.rows.map((row) => (
            <tr key={row.row}>
              <td className="tabular">{row.row}</td>
              {names.map((name) => <td key={name}><bdi>{row.values[name] ?? ''}</bdi></td>)}
              <td className={styles.wrong}>
                {row.problems.map(({ column, reason, refused }) => (
                  <div key={`${column} ${reason}`}>{column && `${plainWords(column)}: `}{reason}{refused && ` (${t('row_refused')})`}</div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
