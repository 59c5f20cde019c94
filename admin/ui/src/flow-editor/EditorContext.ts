/** What the parts of an open editor share. */
import { createContext, useContext } from 'react';
import type { Document } from './model/document';
import type { Definitions, NameSource } from './model/fields';
import type { ItemNote, Names, Problem, StepKind } from './shapes';

export interface Editor {
  item: string;
  isJourney: boolean;
  document: Document;
  kinds: ReadonlyMap<string, StepKind>;
  definitions: Definitions;
  names: Names;
  /** What there is to name in fields of a source. */
  namesOf: (source: NameSource) => readonly string[];
  /** The language whose words are shown and written. */
  language: string;
  languages: readonly string[];
  problems: readonly Problem[];
  notes: readonly ItemNote[];
  mayWrite: boolean;
  /** `about` names what is edited: edits of the same that follow quickly are undone in one go. */
  edit: (to: Document, about?: string) => void;
  setLanguage: (language: string) => void;
  /** Goes to a step: shows it, opens its panel. */
  goTo: (step: string) => void;
  reloadNotes: () => void;
}

export const EditorContext = createContext<Editor | null>(null);

export function useEditor(): Editor {
  const editor = useContext(EditorContext);
  if (!editor) throw new Error('useEditor needs an EditorContext around it');
  return editor;
}
