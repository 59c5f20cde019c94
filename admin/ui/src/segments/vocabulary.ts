/** What the conditions of a rule can speak of, given to all of them at once. Loads nothing. */
import { createContext, useContext } from 'react';
import type { Choice } from '../look/Choose';
import type { EventKind } from './types';

export interface Fact {
  name: string;
  label: string;
  type: string;
  choices: readonly Choice[];
}

export interface RuleVocabulary {
  facts: readonly Fact[];
  dates: readonly { name: string; label: string }[];
  events: readonly EventKind[];
  scores: readonly { name: string; title: string }[];
  segments: readonly Choice[];
}

export const VocabularyContext = createContext<RuleVocabulary>({ facts: [], dates: [], events: [], scores: [], segments: [] });

export function useRuleVocabulary(): RuleVocabulary {
  return useContext(VocabularyContext);
}
