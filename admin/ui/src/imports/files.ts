/** Which files can be sent, and what they are. Pure. */

const TYPES: Record<string, 'text/csv' | 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'> = {
  csv: 'text/csv',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

export const ACCEPTED = '.csv,.xlsx';
export const MOST_BYTES = 200_000_000;

/** What the file is by its name, which browsers know less well than we do; null for one that cannot be read. */
export function typeOf(name: string) {
  return TYPES[name.split('.').at(-1)?.toLowerCase() ?? ''] ?? null;
}

/** The name of a field of one's own for a heading: "Shoe size (EU)" as "shoe_size_eu"; empty where no letter is left. */
export function fieldNameFor(heading: string): string {
  const plain = heading.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, '_').replace(/^[_0-9]+|_+$/g, '').slice(0, 60);
}
