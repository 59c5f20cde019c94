/** What a browser calls itself, in a few words. Only to tell one's own apart: it may say anything. */

const BROWSERS = [['Edg/', 'Edge'], ['OPR/', 'Opera'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari']] as const;
const SYSTEMS = [['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Android', 'Android'], ['Windows', 'Windows'], ['Mac OS X', 'macOS'], ['Linux', 'Linux']] as const;

/** "Firefox, Windows"; the first words of what it says where neither is known; empty where it says nothing. */
export function browserInWords(said: string): string {
  const known = [BROWSERS, SYSTEMS].map((names) => names.find(([mark]) => said.includes(mark))?.[1]).filter((name) => name !== undefined);
  return known.length > 0 ? known.join(', ') : said.slice(0, 60);
}
