import { Burger, Button, Group, NavLink, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';
import { signOut } from '../graphql/request';
import { useViewer } from '../session/session';
import { When } from '../parts/when';
import { CONSOLE_URL, serviceUrl } from '../paths';

const PAGES = [
  { to: '/', label: 'Overview' },
  { to: '/clients', label: 'Clients' },
  { to: '/keys', label: 'API keys' },
  { to: '/tokens', label: 'Initial access tokens' },
  { to: '/resources', label: 'Resources' },
  { to: '/audit', label: 'Audit log' },
] as const;

/** The frame of every page: header, menu and content. Mantine's AppShell writes style elements, which the policy of the page forbids. */
export function Shell() {
  const [isOpen, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  useEffect(close, [path, close]);
  return (
    <div className="shell">
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <header className="shell-header">
        <Group gap="sm" wrap="nowrap">
          <Burger
            className="only-narrow"
            opened={isOpen}
            onClick={toggle}
            size="sm"
            aria-expanded={isOpen}
            aria-label={isOpen ? 'Close the menu' : 'Open the menu'}
          />
          <Text fw={600} truncate>
            OAuth client registry
          </Text>
        </Group>
        <Account />
      </header>
      <nav
        className={isOpen ? 'shell-menu' : 'shell-menu shell-menu-closed'}
        aria-label="Pages of the console"
      >
        {PAGES.map(({ to, label }) => {
          const isHere = to === '/' ? path === '/' : path.startsWith(to);
          return (
            <NavLink
              key={to}
              renderRoot={(props) => <Link to={to} {...props} />}
              label={label}
              active={isHere}
              aria-current={isHere ? 'page' : undefined}
            />
          );
        })}
        <NavLink
          href={serviceUrl('docs')}
          target="_blank"
          rel="noreferrer"
          label="API documentation"
          aria-label="API documentation, opens in a new tab"
          rightSection={<span aria-hidden>↗</span>}
        />
      </nav>
      <main id="content" className="shell-content" tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

function Account() {
  const { name, orgId, userId, role, sessionExpiresAt } = useViewer();
  const { mutate, isPending } = useMutation({
    mutationFn: signOut,
    // Loading the page again drops all cached data
    onSuccess: () => window.location.assign(CONSOLE_URL),
  });
  return (
    <Group gap="sm" wrap="nowrap">
      <Stack gap={0} align="flex-end" className="only-wide">
        <Text size="sm">
          {userId} · {orgId}
        </Text>
        <Text size="xs" c="dimmed">
          {name ?? 'API key'}
          {role === 'VIEWER' && ', read-only'}
          {sessionExpiresAt && (
            <>
              , session ends <When at={sessionExpiresAt} />
            </>
          )}
        </Text>
      </Stack>
      <Button variant="default" size="xs" loading={isPending} onClick={() => mutate()}>
        Sign out
      </Button>
    </Group>
  );
}
