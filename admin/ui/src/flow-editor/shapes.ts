/** The API's shapes that the editors of flows and journeys speak of. */
import type { Answer, Done, Sent } from '../api/types';

export type FlowList = Answer<'/api/v1/flows'>;
export type FlowRow = FlowList['items'][number];
export type FlowDocument = Answer<'/api/v1/flows/content'>;
export type Content = NonNullable<FlowDocument['content']>;
export type ItemNote = FlowDocument['notes'][number];
export type SavedDraft = Done<'/api/v1/flows/drafts', 'put'>;
export type StepKinds = Answer<'/api/v1/flows/step-kinds'>;
export type StepKind = StepKinds['flow'][number];
export type Names = Answer<'/api/v1/flows/names'>;
export type Problem = Answer<'/api/v1/flows/problems'>['items'][number];
export type FlowHistory = Answer<'/api/v1/flows/history'>;
export type FlowDiff = Answer<'/api/v1/flows/diff'>;
export type PartChange = FlowDiff['parts'][number];
export type Preview = Done<'/api/v1/flows/previews', 'post'>;
export type Rendering = Preview['renderings'][number];
export type Simulation = Done<'/api/v1/flows/simulations', 'post'>;
export type SimulationWish = Sent<'/api/v1/flows/simulations', 'post'>;
export type Act = SimulationWish['act'];
export type PublishWish = Sent<'/api/v1/flows/publications', 'post'>;
export type PublishJob = Answer<'/api/v1/flows/jobs/{id}'>;
export type DropOff = Answer<'/api/v1/flows/drop-off'>;
export type JourneyDetail = Answer<'/api/v1/journeys/detail'>;
export type ExperimentRow = Answer<'/api/v1/experiments'>['items'][number];
export type TrialWish = Sent<'/api/v1/journeys/simulations', 'post'>;
export type Trial = Done<'/api/v1/journeys/simulations', 'post'>;
export type PersonTrialled = NonNullable<Trial['person']>;
export type TrialMoment = PersonTrialled['moments'][number];
export type PeopleTrialled = NonNullable<Trial['people']>;
export type LetterPreviewWish = Sent<'/api/v1/journeys/previews', 'post'>;
export type LetterPreview = Done<'/api/v1/journeys/previews', 'post'>;
export type LetterRendering = LetterPreview['renderings'][number];
export type JourneyDropOff = Answer<'/api/v1/journeys/drop-off'>;
export type Lift = Answer<'/api/v1/journeys/lift'>;

/** A part of a draft that two people changed, and to what each. */
export interface Conflict {
  readonly part: string;
  readonly name: string;
  readonly language: string | null;
  readonly base: unknown;
  readonly theirs: unknown;
  readonly mine: unknown;
  readonly by: string;
  readonly at: string;
}
