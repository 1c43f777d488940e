import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { Shell } from './layout/shell';
import { Session } from './session/session';
import { readAuditSearch } from './pages/audit/audit-search';
import { readClientsSearch } from './pages/clients/clients-search';
import { readPageSearch } from './parts/paging';
import { Failed } from './parts/states';
import { Page } from './parts/page';
import { CONSOLE_URL } from './paths';

const root = createRootRoute({
  component: () => (
    <Session>
      <Shell />
    </Session>
  ),
  errorComponent: ({ error, reset }) => (
    <Failed error={error instanceof Error ? error : new Error(String(error))} onRetry={reset} />
  ),
  notFoundComponent: () => <Page title="Page not found">Choose a page from the menu.</Page>,
});

/** The URL holds the state of each view, so that a link shows the same view. The functions named `read…Search` validate it. */
const routes = [
  createRoute({
    getParentRoute: () => root,
    path: '/',
    component: lazyRouteComponent(() => import('./pages/overview/overview'), 'Overview'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clients',
    validateSearch: readClientsSearch,
    component: lazyRouteComponent(() => import('./pages/clients/clients'), 'Clients'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clients/new',
    component: lazyRouteComponent(() => import('./pages/new-client/new-client'), 'NewClient'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clients/$clientId',
    // The page of its grants
    validateSearch: readPageSearch,
    component: lazyRouteComponent(() => import('./pages/client/client'), 'ClientPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/keys',
    validateSearch: readPageSearch,
    component: lazyRouteComponent(() => import('./pages/keys/keys'), 'Keys'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/tokens',
    validateSearch: readPageSearch,
    component: lazyRouteComponent(() => import('./pages/tokens/tokens'), 'Tokens'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/resources',
    component: lazyRouteComponent(() => import('./pages/resources/resources'), 'Resources'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audit',
    validateSearch: readAuditSearch,
    component: lazyRouteComponent(() => import('./pages/audit/audit'), 'Audit'),
  }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren([...routes]),
  basepath: CONSOLE_URL.pathname,
  scrollRestoration: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
