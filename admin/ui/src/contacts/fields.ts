/** What changed in a contact's fields. Pure. */

/** The fields whose value is another one now; an emptied field becomes null, which forgets it. */
export function changedFields(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const plain = (value: unknown) => (value === '' || value === undefined ? null : typeof value === 'string' ? value.trim() || null : value);
  const changes = Object.entries(after).filter(([name, value]) => JSON.stringify(plain(value)) !== JSON.stringify(plain(before[name])));
  return Object.fromEntries(changes.map(([name, value]) => [name, plain(value)]));
}
