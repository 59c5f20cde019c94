/** A list with one of its items some places further down (or up, with a negative number). Pure. */
export function moved<T>(items: readonly T[], index: number, by: number): T[] {
  const others = items.filter((_, at) => at !== index);
  return [...others.slice(0, index + by), ...items.slice(index, index + 1), ...others.slice(index + by)];
}
