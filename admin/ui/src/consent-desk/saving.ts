/** Has the browser save something that was loaded as a file. */

const LASTING = 60_000; // milliseconds until the browser has surely taken it

/** Saves a JSON value, indented so that a person can read it. */
export function saveJson(name: string, value: unknown): void {
  const address = URL.createObjectURL(new Blob([JSON.stringify(value, null, 2)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(address), LASTING);
}
