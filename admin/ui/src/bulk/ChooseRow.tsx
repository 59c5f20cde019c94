/** The box by which a row, or all rows, are chosen; with shift held, all rows from the last one touched. */
import { Checkbox } from '@mantine/core';
import styles from './Bulk.module.css';

interface Props {
  label: string;
  isOn: boolean;
  isPartly?: boolean;
  onToggle: (withShift: boolean) => void;
  testId?: string;
}

export function ChooseRow({ label, isOn, isPartly = false, onToggle, testId }: Props) {
  return (
    <Checkbox
      className={styles.box ?? ''} size="xs" aria-label={label} checked={isOn} indeterminate={isPartly && !isOn} data-testid={testId}
      onChange={(event) => onToggle((event.nativeEvent as MouseEvent).shiftKey)}
    />
  );
}
