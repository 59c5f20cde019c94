/** The editor's words: besides those of the catalogue the names of kinds, fields and values, which content decides. */
import { useMemo } from 'react';
import { plainWords } from '../look/words';
import { useWords } from '../i18n/useWords';

type Say = (key: string, options?: Readonly<Record<string, unknown>>) => string;

export interface EditorWords {
  t: ReturnType<typeof useWords<'flows'>>;
  kind: (kind: string) => string;
  group: (group: string) => string;
  field: (name: string) => string;
  /** Words for a value of the language itself, such as an operator or a channel. */
  value: (value: string) => string;
  /** What conditions are made of. */
  condition: (key: string) => string;
}

/** A name that no catalogue knows is shown as plain words, never hidden. */
export function useEditorWords(): EditorWords {
  const t = useWords('flows');
  return useMemo(() => {
    const say = t as unknown as Say;
    const named = (prefix: string) => (name: string) => say(`${prefix}_${name}`, { defaultValue: plainWords(name) });
    return { t, kind: named('kind'), group: named('group'), field: named('field'), value: named('value'), condition: named('when') };
  }, [t]);
}
