/** The areas that have catalogues: their English words say which keys there are. One line an area. */
import type shell from './en/shell.json';

export interface Areas {
  shell: typeof shell;
}

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'shell';
    resources: Areas;
  }
}
