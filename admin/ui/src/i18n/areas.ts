/** The areas that have catalogues: their English words say which keys there are. One line an area. */
import type imports from './en/imports.json';
import type merges from './en/merges.json';
import type privacy from './en/privacy.json';
import type segments from './en/segments.json';
import type shell from './en/shell.json';

export interface Areas {
  imports: typeof imports;
  merges: typeof merges;
  privacy: typeof privacy;
  segments: typeof segments;
  shell: typeof shell;
}

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'shell';
    resources: Areas;
  }
}
