import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { RequestError } from '../graphql/request';

const RETRIES = 2;

/** @param onSignedOut called wherever the service says that the session is over */
export function createQueryClient(onSignedOut: () => void): QueryClient {
  const onError = (error: Error) => {
    if (error instanceof RequestError && error.kind === 'signed-out') onSignedOut();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // What cannot become better by itself is not asked again
        retry: (count, error) =>
          count < RETRIES && error instanceof RequestError && ['network', 'busy'].includes(error.kind),
        retryDelay: (attempt) => 500 * 2 ** attempt,
        // Offline is reported like any other failure, rather than waiting silently
        networkMode: 'always',
        staleTime: 10_000,
      },
      mutations: { networkMode: 'always' },
    },
  });
}
