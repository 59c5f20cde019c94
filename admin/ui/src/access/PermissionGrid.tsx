/** Permissions to tick: an area a row. */
import { Checkbox, Group } from '@mantine/core';
import { useWords } from '../i18n/useWords';
import { inAreas, toggle } from './permissions';
import styles from './Access.module.css';
import type { Permission } from './types';

interface Props {
  all: readonly Permission[];
  held: readonly Permission[];
  onChange: (held: Permission[]) => void;
}

export function PermissionGrid({ all, held, onChange }: Props) {
  const t = useWords('access');
  const box = (permission: Permission, area: string) => {
    const verb = t(`verb_${permission.split('.')[1] as 'read'}`);
    return (
      <Checkbox
        key={permission} label={verb} aria-label={`${area}: ${verb}`} checked={held.includes(permission)} data-testid={permission}
        onChange={() => onChange(toggle(held, permission, all))}
      />
    );
  };
  return (
    <div className={styles.scrolls}>
      <table className={styles.grid}>
        <thead><tr><th scope="col">{t('part')}</th><th scope="col">{t('may')}</th></tr></thead>
        <tbody>
          {inAreas(all).map(({ area, read, write, others }) => {
            const name = t(`area_${area as 'contacts'}`);
            return (
              <tr key={area}>
                <th scope="row">{name}</th>
                <td><Group gap="md">{[read, write, ...others].map((one) => one && box(one, name))}</Group></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
