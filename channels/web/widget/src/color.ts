/** Picks a readable text colour for the operator's brand colour. Pure. */

const HEX = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i;

/** Black or white, whichever contrasts more (at least 4.58:1 on any colour); null when it is not `#rgb` or `#rrggbb`. */
export function decideInk(color: string): "#000" | "#fff" | null {
  if (!HEX.test(color)) return null;
  const light = luminance(color);
  return 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 ? "#fff" : "#000";
}

/** Relative luminance as WCAG 2.2 defines it. */
export function luminance(color: string): number {
  const digits = color.length === 4 ? [...color.slice(1)].map((digit) => digit + digit) : color.match(/[0-9a-f]{2}/gi);
  const [red = 0, green = 0, blue = 0] = (digits ?? []).map((pair) => {
    const part = parseInt(pair, 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
