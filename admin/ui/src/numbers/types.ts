/** The shapes of figures, from the API. */
import type { Answer } from '../api/types';

export type By = 'channel' | 'flow' | 'journey';
export type Table = 'funnel' | 'scores' | 'revenue' | 'costs' | 'deliveries';

/** Where the figures of a panel are saved from. */
export interface Files {
  csv: string;
  parquet: string;
}

export type Funnel = Answer<'/api/v1/numbers/funnel'>;
export type FunnelRow = Funnel['total'];
export type Scores = Answer<'/api/v1/numbers/scores'>;
export type Revenue = Answer<'/api/v1/numbers/revenue'>;
export type CurrencyRevenue = Revenue['items'][number];
export type Lift = Answer<'/api/v1/journeys/lift'>;
