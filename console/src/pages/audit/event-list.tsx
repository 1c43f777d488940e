import { Anchor, Badge, Group, Stack, Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { EventFragment } from '../../graphql/operations';
import { When } from '../../parts/when';
import { inWords } from '../../parts/words';

/** Events, the latest first, with their changes. */
export function EventList({
  events,
  isAboutOne,
}: {
  events: readonly EventFragment[];
  isAboutOne?: boolean;
}) {
  return (
    <Stack component="ol" gap="xs" className="plain-list">
      {events.map((event) => (
        <li key={event.id}>
          <Group gap="xs">
            <Badge variant="outline" color="gray">
              {inWords(event.action)}
            </Badge>
            <Text size="sm">
              <When at={event.at} /> by {actorOf(event)}
              {event.address && ` from ${event.address}`} via {inWords(event.channel)}
            </Text>
            {!isAboutOne && event.clientId && (
              <Anchor
                size="sm"
                renderRoot={(props) => (
                  <Link to="/clients/$clientId" params={{ clientId: event.clientId! }} {...props} />
                )}
              >
                Client {event.clientId}
              </Anchor>
            )}
          </Group>
          <Changes changes={event.changes} />
        </li>
      ))}
    </Stack>
  );
}

const actorOf = ({ actor: { type, id } }: EventFragment) =>
  id === null ? inWords(type) : `${inWords(type)} ${id}`;

/** The changed fields, before and after. */
function Changes({ changes }: { changes: EventFragment['changes'] }) {
  if (changes.length === 0) return null;
  return (
    <details>
      <summary>{changes.map(({ field }) => field).join(', ')}</summary>
      <div className="table-scroll">
        <Table withRowBorders={false} fz="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Field</Table.Th>
              <Table.Th scope="col">Before</Table.Th>
              <Table.Th scope="col">After</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {changes.map(({ field, before, after, added, removed }) => (
              <Table.Tr key={field}>
                <Table.Th scope="row">{field}</Table.Th>
                <Table.Td className="wrap-anywhere">
                  {removed ? listed('removed', removed) : before === null ? '–' : <del>{shown(before)}</del>}
                </Table.Td>
                <Table.Td className="wrap-anywhere">
                  {added ? listed('added', added) : after === null ? '–' : <ins>{shown(after)}</ins>}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </details>
  );
}

/** The entries that were added to or removed from a long list. */
function listed(what: 'added' | 'removed', entries: readonly unknown[]) {
  if (entries.length === 0) return `nothing ${what}`;
  const list = shown(entries);
  return (
    <>
      {what}: {what === 'added' ? <ins>{list}</ins> : <del>{list}</del>}
    </>
  );
}

/** The digest of a value that is too large for the audit log. */
const isDigest = (value: unknown): value is { sha256: string; bytes: number; entries?: number } =>
  typeof value === 'object' && value !== null && 'sha256' in value && 'bytes' in value;

function shown(value: unknown): string {
  if (isDigest(value)) {
    const what = value.entries === undefined ? '' : `${value.entries} more, `;
    return `${what}${value.bytes} bytes, SHA-256 ${value.sha256}`;
  }
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(shown).join('\n');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
