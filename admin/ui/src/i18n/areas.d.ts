/** The areas that have catalogues: their English words say which keys there are. One line an area. */
import 'i18next';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'shell';
    resources: {
      shell: typeof import('./en/shell.json');
    };
  }
}
