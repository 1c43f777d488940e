import { Center, Loader } from '@mantine/core';
import { QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';
import { ViewerDocument, type ViewerQuery } from '../graphql/operations';
import { request, RequestError } from '../graphql/request';
import { Failed } from '../parts/states';
import { createQueryClient } from './query-client';
import { SignInForm, SignInPage } from './sign-in';
import { Dialog } from '../parts/dialog';

export type Viewer = ViewerQuery['viewer'];

const ViewerContext = createContext<Viewer | null>(null);

/** The principal of the session. */
export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (viewer === null) throw new Error('useViewer is used outside of a session');
  return viewer;
}

/** Whether the session may change anything; the service enforces it. The role viewer only reads. */
export const useMayChange = (): boolean => useViewer().role === 'ADMIN';

/** Shows `children` after sign-in. If the session ends, a dialog above them asks for the key again. */
export function Session({ children }: { children: ReactNode }) {
  const [hasEnded, setHasEnded] = useState(false);
  const client = useMemo(() => createQueryClient(() => setHasEnded(true)), []);
  return (
    <QueryClientProvider client={client}>
      <Gate hasEnded={hasEnded} onBack={() => setHasEnded(false)}>
        {children}
      </Gate>
    </QueryClientProvider>
  );
}

const VIEWER = ['viewer'];
const loadViewer = async (signal?: AbortSignal) => (await request(ViewerDocument, {}, signal)).viewer;

/** @throws RequestError `invalid` if the browser has dropped the session */
async function viewerAfterSigningIn(): Promise<Viewer> {
  try {
    return await loadViewer();
  } catch (error) {
    if (!(error instanceof RequestError) || error.kind !== 'signed-out') throw error;
    throw new RequestError(
      'invalid',
      'The browser did not keep the session cookie. Allow cookies, and open the console at the URL in PUBLIC_URL.',
    );
  }
}

function Gate({
  hasEnded,
  onBack,
  children,
}: {
  hasEnded: boolean;
  onBack: () => void;
  children: ReactNode;
}) {
  const client = useQueryClient();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: VIEWER,
    queryFn: ({ signal }) => loadViewer(signal),
    staleTime: Infinity,
  });
  const onSignedIn = async () => {
    // Not by refetching: the form would disappear while the query loads
    client.setQueryData(VIEWER, await viewerAfterSigningIn());
    await client.invalidateQueries();
    onBack();
  };

  if (data !== undefined) {
    return (
      <ViewerContext value={data}>
        {children}
        {hasEnded && (
          <Dialog title="Your session has ended">
            <SignInForm about="Sign in again to continue. Your input is kept." onSignedIn={onSignedIn} />
          </Dialog>
        )}
      </ViewerContext>
    );
  }
  if (isPending) {
    return (
      <Center mih="100vh" component="main">
        <Loader aria-label="Loading" />
      </Center>
    );
  }
  if (error instanceof RequestError && ['signed-out', 'forbidden'].includes(error.kind)) {
    return <SignInPage onSignedIn={onSignedIn} />;
  }
  return (
    <Center mih="100vh" component="main">
      <Failed error={error} onRetry={() => void refetch()} />
    </Center>
  );
}
