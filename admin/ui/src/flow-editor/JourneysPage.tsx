/** All journeys, with the people in them. */
import { FlowTable } from './FlowTable';

export function JourneysPage() {
  return <FlowTable isJourney />;
}
