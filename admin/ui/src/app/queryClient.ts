/** Query defaults for all pages, and what a lost session does to them. */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import i18next from 'i18next';
import { APIError } from '../api/problem';
import { SESSION_KEY } from '../session/useSession';

const MAX_RETRIES = 2;

/** Makes the client. Any 401 ends the session at once, so that every page sends its reader to the log-in. */
export function createQueryClient(): QueryClient {
  const endSession = (error: Error) => {
    const knownUser = client.getQueryData(SESSION_KEY);
    if (knownUser && error instanceof APIError && error.status === 401) client.setQueryData(SESSION_KEY, null);
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError: endSession }),
    mutationCache: new MutationCache({ onError: endSession }),
    defaultOptions: { queries: { retry: isWorthRetrying, staleTime: 2_000, networkMode: 'always' } },
  });
  // What was loaded holds words of the language before.
  i18next.on('languageChanged', () => void client.invalidateQueries());
  return client;
}

/** What the server refused once it will refuse again; only silence and its own faults are worth a second try. */
function isWorthRetrying(failures: number, error: Error): boolean {
  const refused = error instanceof APIError && error.status >= 400 && error.status < 500;
  return !refused && failures < MAX_RETRIES;
}
