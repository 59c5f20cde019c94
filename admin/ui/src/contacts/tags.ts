/** What a tag may be called, and what changed between two lists of them. Pure. */

/** The tag as the API takes it: "Fair 2026" as "fair_2026"; empty where no letter is left. */
export function tagOf(words: string): string {
  const plain = words.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, '_').replace(/^[_0-9]+|_+$/g, '').slice(0, 60);
}

export function changeOf(before: readonly string[], after: readonly string[]): { add: string[]; remove: string[] } {
  const wanted = [...new Set(after.map(tagOf).filter(Boolean))];
  return { add: wanted.filter((tag) => !before.includes(tag)), remove: before.filter((tag) => !wanted.includes(tag)) };
}
