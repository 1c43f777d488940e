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

/** Who is signed in. */
export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (viewer === null) throw new Error('Nobody is signed in');
  return viewer;
}

/** Shows `children` to whoever is signed in. Where the session ends meanwhile, a dialog asks for the key above what is there. */
export function Session({ children }: { children: ReactNode }) {
  const [isOver, setIsOver] = useState(false);
  const client = useMemo(() => createQueryClient(() => setIsOver(true)), []);
  return (
    <QueryClientProvider client={client}>
      <Gate isOver={isOver} onBack={() => setIsOver(false)}>
        {children}
      </Gate>
    </QueryClientProvider>
  );
}

const VIEWER = ['viewer'];
const loadViewer = async (signal?: AbortSignal) => (await request(ViewerDocument, {}, signal)).viewer;

/** @throws RequestError `invalid` where the browser has dropped the session */
async function viewerAfterSigningIn(): Promise<Viewer> {
  try {
    return await loadViewer();
  } catch (error) {
    if (!(error instanceof RequestError) || error.kind !== 'signed-out') throw error;
    throw new RequestError(
      'invalid',
      'The browser did not keep the session cookie. Allow cookies, and open the console at the URL that PUBLIC_URL names.',
    );
  }
}

function Gate({ isOver, onBack, children }: { isOver: boolean; onBack: () => void; children: ReactNode }) {
  const client = useQueryClient();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: VIEWER,
    queryFn: ({ signal }) => loadViewer(signal),
    staleTime: Infinity,
  });
  const onSignedIn = async () => {
    // Past the query, which would take the form away while it loads
    client.setQueryData(VIEWER, await viewerAfterSigningIn());
    await client.invalidateQueries();
    onBack();
  };

  if (data !== undefined) {
    return (
      <ViewerContext value={data}>
        {children}
        {isOver && (
          <Dialog title="Your session is over">
            <SignInForm
              about="Sign in again to go on. Nothing of what you typed is lost."
              onSignedIn={onSignedIn}
            />
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
