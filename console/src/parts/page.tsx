import { Group, Stack, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import { useTitle } from './title';

/** A page: its heading, which is the title of the browser's tab and gets the focus, its actions and its content. */
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
  useTitle(title);
  // After a link, the next Tab goes on from the beginning of the new page
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
