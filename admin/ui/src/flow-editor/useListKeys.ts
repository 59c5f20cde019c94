/** Arrows and Enter in a list below a field, as a combobox has them. */
import { useEffect, useId, useState, type KeyboardEvent } from 'react';

export function useListKeys(length: number, onChoose: (index: number) => void) {
  const listId = useId();
  const [current, setCurrent] = useState(0);
  const index = Math.min(current, Math.max(0, length - 1));
  useEffect(() => {
    globalThis.document.getElementById(`${listId}-${index}`)?.scrollIntoView({ block: 'nearest' });
  }, [index, listId]);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && length > 0) {
      event.preventDefault();
      setCurrent((index + step + length) % length);
    } else if (event.key === 'Enter' && length > 0) {
      event.preventDefault();
      onChoose(index);
    }
  };
  return { current: index, onKeyDown, listId };
}
