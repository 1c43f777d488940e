import { Code, Group, Stack, Text, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ClientDetailsFragment } from '../../graphql/operations';
import { CopyButton } from '../../parts/copy-button';
import { When } from '../../parts/when';
import { inWords } from '../../parts/words';
import { FIELD_NAMES, type FieldName, FIELDS } from './client-fields';
import { redirectNote } from './redirect-note';

const nothing = (
  <Text size="sm" c="dimmed">
    Not set
  </Text>
);

function textual(value: string): ReactNode {
  return (
    <Group gap={4} wrap="nowrap">
      <span className="wrap-anywhere">{value}</span>
      <CopyButton value={value} label={value} />
    </Group>
  );
}

function entries(
  values: readonly string[],
  noteOf: (value: string) => string | null = () => null,
): ReactNode {
  return (
    <Stack component="ul" gap={4} className="plain-list">
      {values.map((value) => (
        <li key={value}>
          {textual(value)}
          {noteOf(value) && (
            <Text size="xs" c="dimmed">
              {noteOf(value)}
            </Text>
          )}
        </li>
      ))}
    </Stack>
  );
}

function shown(name: FieldName, value: ClientDetailsFragment[FieldName]): ReactNode {
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return nothing;
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  switch (FIELDS[name].kind) {
    case 'ticks':
      return (value as string[]).map(inWords).join(', ');
    case 'choice':
      return inWords(value as string);
    case 'lines':
      return entries(value as string[], name === 'redirectUris' ? redirectNote : undefined);
    case 'text':
    case 'flag':
      return textual(String(value));
  }
}

/** All fields of a client, each with an explanation. */
export function Facts({ client }: { client: ClientDetailsFragment }) {
  const { jwks, softwareStatement, translations } = client;
  return (
    <dl className="facts">
      <Fact label="Client ID" hint="Identifies the client at the authorization server (RFC 6749 §2.2).">
        {textual(client.clientId)}
      </Fact>
      <Fact label="Type" hint="Whether the client can keep a secret (RFC 6749 §2.1). It cannot be changed.">
        {inWords(client.clientType)}
      </Fact>
      {FIELD_NAMES.map((name) => (
        <Fact key={name} label={FIELDS[name].label} hint={FIELDS[name].hint}>
          {shown(name, client[name])}
        </Fact>
      ))}
      {jwks && (
        <Fact label="JWKS" hint="The public keys of the client: a JSON Web Key Set.">
          <Code block>{JSON.stringify(jwks, null, 2)}</Code>
        </Fact>
      )}
      {translations.length > 0 && (
        <Fact label="Translations" hint="Metadata in other languages (RFC 7591 §2.2).">
          {entries(translations.map(({ member, value }) => `${member}: ${value}`))}
        </Fact>
      )}
      {softwareStatement && (
        <Fact
          label="Software statement"
          hint="A signed JWT with claims about the software by a trusted issuer (RFC 7591 §2.3)."
        >
          {textual(softwareStatement)}
        </Fact>
      )}
      <Fact
        label="Owner"
        hint="The organization and user that own the client. A client that registered anonymously has no owner."
      >
        {[client.userId, client.orgId].filter((id) => id !== null).join(' of ') || 'No owner'}
      </Fact>
      <Fact
        label="Source"
        hint="The interface that created the client: REST API, dynamic registration or GraphQL."
      >
        {inWords(client.source)}
      </Fact>
      <Fact
        label="Registrations"
        hint="How many registrations returned this client. Repeated registrations of the same software share one client."
      >
        {client.registrationCount}
      </Fact>
      <Fact label="Created" hint="When the client was created.">
        <When at={client.createdAt} />
      </Fact>
      <Fact
        label="Updated"
        hint="When the client was last changed. Its version starts at 1 and counts changes."
      >
        <When at={client.updatedAt} />, version {client.version}
      </Fact>
      <Fact label="Last used" hint="The last use that the authorization server reported, to the hour.">
        <When at={client.lastUsedAt} />
      </Fact>
    </dl>
  );
}

function Fact({ label, hint, children }: { label: string; hint: string; children: ReactNode }) {
  return (
    <div>
      <dt>
        <Tooltip label={hint} multiline maw={320} events={{ hover: true, focus: true, touch: true }}>
          {/* A button, so that the tooltip works by keyboard */}
          <button type="button" className="hint" aria-description={hint}>
            {label}
          </button>
        </Tooltip>
      </dt>
      <dd>{children}</dd>
    </div>
  );
}
