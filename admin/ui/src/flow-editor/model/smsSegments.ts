/** How a text goes over the air as SMS, counted as the server counts it (base/sms_segments.py). Pure. */

const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const EXTENDED = new Set('^{}\\[~]|€\f');

/** Room of a message alone and of a part of a joined one: septets, or UTF-16 units when one sign is outside the alphabet. */
const ROOM = { 'GSM-7': { alone: 160, part: 153 }, 'UCS-2': { alone: 70, part: 67 } } as const;

export interface Segments {
  readonly count: number;
  readonly encoding: 'GSM-7' | 'UCS-2';
  readonly units: number;
  /** Units that the last message still has room for. */
  readonly left: number;
  /** The signs that make it UCS-2, each once. */
  readonly wide: readonly string[];
}

const PLAIN: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...'‐‑‒–—―−'].map((sign) => [sign, '-'])),
  ...Object.fromEntries([...'‘’‚‛′'].map((sign) => [sign, "'"])),
  ...Object.fromEntries([...'“”„‟″«»'].map((sign) => [sign, '"'])),
  ...Object.fromEntries([...'\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\t'].map((sign) => [sign, ' '])),
  '…': '...', '•': '-', '\u200b': '', '\u00ad': '', '\r': '',
};

/** Dashes, quotes and spaces of print as those of the alphabet, as they are sent. */
export function toPlainSigns(text: string): string {
  return [...text].map((sign) => PLAIN[sign] ?? sign).join('');
}

export function readSegments(text: string): Segments {
  const signs = [...text];
  const wide = [...new Set(signs.filter((sign) => !BASIC.has(sign) && !EXTENDED.has(sign)))];
  const encoding = wide.length > 0 ? 'UCS-2' : 'GSM-7';
  const sizes = signs.map((sign) => (wide.length > 0 ? sign.length : EXTENDED.has(sign) ? 2 : 1));
  const units = sizes.reduce((sum, size) => sum + size, 0);
  const { alone, part } = ROOM[encoding];
  if (units <= alone) return { count: Math.min(units, 1), encoding, units, left: alone - units, wide };
  let count = 0;
  let left = 0;
  for (const size of sizes) {
    if (size > left) [count, left] = [count + 1, part];
    left -= size;
  }
  return { count, encoding, units, left, wide };
}
