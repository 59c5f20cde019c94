/** A choice among a few, by the browser's own list: quick by keyboard and on phones. */
import { NativeSelect, type NativeSelectProps } from '@mantine/core';

export interface Choice<T extends string = string> {
  value: T;
  label: string;
}

interface Props<T extends string> extends Omit<NativeSelectProps, 'value' | 'data' | 'onChange'> {
  value: T;
  choices: readonly Choice<T>[];
  onChange: (value: T) => void;
}

/** Give it a `label`, or an `aria-label` where the words around it name it already. A value not offered is offered too. */
export function Choose<T extends string>({ value, choices, onChange, ...rest }: Props<T>) {
  const known = choices.some((choice) => choice.value === value);
  const data = known || value === '' ? [...choices] : [{ value, label: value }, ...choices];
  return (
    <NativeSelect
      {...rest} value={value} data={data}
      onChange={(event) => onChange(event.currentTarget.value as T)}
    />
  );
}
