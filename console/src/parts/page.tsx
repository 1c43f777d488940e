import { Group, Stack, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';

/** A page: its heading, which also is the title of the window and where the focus goes, and what can be done on it. */
export function Page({
  title,
  actions,
  children,
}: {
  title: string;
  actions?: ReactNode;
  children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · OAuth client registry`;
  }, [title]);
  // Whoever follows a link by keyboard goes on from the new page's beginning
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={1} size="h2" ref={heading} tabIndex={-1} className="page-title">
          {title}
        </Title>
        <Group gap="xs">{actions}</Group>
      </Group>
      {children}
    </Stack>
  );
}
