/** Fails the build when what a browser must load before the first page is larger than it may be. */
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

interface Chunk {
  type: string;
  fileName: string;
  code?: string;
  source?: string | Uint8Array;
  isEntry?: boolean;
  imports?: string[];
  viteMetadata?: { importedCss: Set<string> };
}

/** `limit` is in bytes, gzipped, of the entry with all it imports at once: scripts and styles. */
export function firstLoadAtMost(limit: number): Plugin {
  return {
    name: 'first-load-at-most',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const files = bundle as unknown as Record<string, Chunk>;
        const size = sumOf(files, firstFiles(files));
        if (size > limit) this.error(`The first load is ${size} bytes gzipped, ${limit} are allowed. Load what not every page needs with import().`);
        this.info(`first load: ${(size / 1000).toFixed(1)} kB gzipped of ${limit / 1000} kB`);
      },
    },
  };
}

function firstFiles(files: Record<string, Chunk>): Set<string> {
  const met = new Set<string>();
  const waiting = Object.values(files).filter((file) => file.isEntry).map((file) => file.fileName);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const chunk = files[name];
    if (!chunk || met.has(name)) continue;
    met.add(name);
    waiting.push(...(chunk.imports ?? []), ...(chunk.viteMetadata?.importedCss ?? []));
  }
  return met;
}

function sumOf(files: Record<string, Chunk>, names: Set<string>): number {
  return [...names].reduce((sum, name) => sum + gzipSync(files[name]?.code ?? files[name]?.source ?? '').length, 0);
}
