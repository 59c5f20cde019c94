/** All flows: what is live, what is a draft, and what the checker says of it. */
import { FlowTable } from './FlowTable';

export function FlowsPage() {
  return <FlowTable isJourney={false} />;
}
