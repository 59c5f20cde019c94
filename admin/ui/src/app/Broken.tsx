/** The last resort: shown when a page itself fails, so that nobody ever faces a blank screen. */
import { Failure } from '../look/Notices';
import { isReloading } from './newBuild';
import { useRouteError } from 'react-router';

export function Broken() {
  const error = useRouteError();
  if (isReloading()) return null;
  return (
    <main>
      <Failure error={error} onRetry={() => window.location.reload()} />
    </main>
  );
}
