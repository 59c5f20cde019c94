/** The shapes of score rules, from the API. */
import type { Answer, Done, Sent } from '../api/types';

export type ScoreRules = Answer<'/api/v1/score-rules'>;
export type Book = Sent<'/api/v1/score-rules', 'put'>['book'];
export type Rule = Book['rules'][number];
export type Threshold = NonNullable<Book['stages']>[number];
export type Preview = Done<'/api/v1/score-rules/preview', 'post'>;
export type FactIs = Extract<NonNullable<Rule['when']>, { fact: unknown }>;
