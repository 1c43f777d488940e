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
    not set
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

/** Everything that is known of a client, each with what it means. */
export function Facts({ client }: { client: ClientDetailsFragment }) {
  const { jwks, softwareStatement, translations } = client;
  return (
    <dl className="facts">
      <Fact label="Client ID" hint="By which it is known to the authorization server (RFC 6749 §2.2).">
        {textual(client.clientId)}
      </Fact>
      <Fact label="Type" hint="Whether it can keep a secret (RFC 6749 §2.1). It cannot change.">
        {inWords(client.clientType)}
      </Fact>
      {FIELD_NAMES.map((name) => (
        <Fact key={name} label={FIELDS[name].label} hint={FIELDS[name].hint}>
          {shown(name, client[name])}
        </Fact>
      ))}
      {jwks && (
        <Fact label="JWKS" hint="Its public keys: a JSON Web Key Set.">
          <Code block>{JSON.stringify(jwks, null, 2)}</Code>
        </Fact>
      )}
      {translations.length > 0 && (
        <Fact label="Other languages" hint="Members of its metadata in other languages (RFC 7591 §2.2).">
          {entries(translations.map(({ member, value }) => `${member}: ${value}`))}
        </Fact>
      )}
      {softwareStatement && (
        <Fact
          label="Software statement"
          hint="A signed JWT in which somebody trusted says what it is (RFC 7591 §2.3)."
        >
          {textual(softwareStatement)}
        </Fact>
      )}
      <Fact
        label="Owner"
        hint="The organization and the user that it belongs to; nobody, where it registered itself anonymously."
      >
        {client.orgId === null ? 'Nobody' : `${client.userId} of ${client.orgId}`}
      </Fact>
      <Fact
        label="Source"
        hint="The door through which it came: the API, dynamic registration, or an operator."
      >
        {inWords(client.source)}
      </Fact>
      <Fact
        label="Registrations"
        hint="How many registrations were answered with it: more than one where software shares it."
      >
        {client.registrationCount}
      </Fact>
      <Fact label="Created" hint="When it was created.">
        <When at={client.createdAt} />
      </Fact>
      <Fact label="Changed" hint="When anything of it was changed, and how often: its version counts from 1.">
        <When at={client.updatedAt} />, version {client.version}
      </Fact>
      <Fact label="Last used" hint="When the authorization server last said so, exact to an hour.">
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
          {/* By keyboard, too */}
          <button type="button" className="hint" aria-description={hint}>
            {label}
          </button>
        </Tooltip>
      </dt>
      <dd>{children}</dd>
    </div>
  );
}
