import { Alert, Button, Card, Code, Group, Radio, Stack, Tabs, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type ClientType, CreateClientDocument, type CreateOAuthClientInput } from '../../graphql/operations';
import { request } from '../../graphql/request';
import { CopyButton } from '../../parts/copy-button';
import { Page } from '../../parts/page';
import { ShownOnce } from '../../parts/shown-once';
import { Dialog } from '../../parts/dialog';
import { Form } from '../../parts/form';
import { useUnsavedChanges } from '../../parts/unsaved-changes';
import { useFields } from '../../parts/use-fields';
import { useMayChange, useViewer } from '../../session/session';
import {
  BLANK_FIELDS,
  changedFields,
  FIELD_LABELS,
  type FieldName,
  type FieldValues,
  toInput,
} from '../client/client-fields';
import { FieldInputs } from '../client/field-inputs';
import { PREVIEWS } from './request-preview';

type Values = FieldValues & { orgId: string; userId: string; clientType: ClientType };

const LABELS = { ...FIELD_LABELS, orgId: 'Organization', userId: 'User', clientType: 'Type' };
const ESSENTIALS = ['allowedGrantTypes', 'redirectUris', 'requirePkce', 'allowedScopes'] as const;
const FURTHER: FieldName[] = [
  'logoUri',
  'clientUri',
  'policyUri',
  'tosUri',
  'contacts',
  'tokenEndpointAuthMethod',
  'jwksUri',
  'softwareId',
  'softwareVersion',
  'applicationType',
  'initiateLoginUri',
  'postLogoutRedirectUris',
];

function inputOf({ orgId, userId, clientType, ...values }: Values): CreateOAuthClientInput {
  const said = toInput(values, changedFields(BLANK_FIELDS, values));
  const { allowedGrantTypes, name, ...rest } = said;
  return {
    orgId,
    userId: userId || null,
    clientType,
    name: name ?? '',
    allowedGrantTypes: allowedGrantTypes ?? [],
    ...rest,
  };
}

export function NewClient() {
  const mayChange = useMayChange();
  return mayChange ? <NewClientForm /> : <Page title="New client">This page requires the admin role.</Page>;
}

function NewClientForm() {
  const { orgId, userId } = useViewer();
  const queryClient = useQueryClient();
  const { mutate, isPending, error, data } = useMutation({
    mutationFn: (input: CreateOAuthClientInput) => request(CreateClientDocument, { input }),
    onSuccess: () => queryClient.invalidateQueries(),
  });
  const navigate = useNavigate();
  const { values, set, bind, faultOf, faults, isChanged } = useFields<Values>(
    {
      ...BLANK_FIELDS,
      allowedGrantTypes: ['AUTHORIZATION_CODE'],
      requirePkce: true,
      orgId,
      userId,
      clientType: 'PUBLIC',
    },
    error,
    LABELS,
  );
  const { close, question } = useUnsavedChanges(
    isChanged && !data,
    () => void navigate({ to: '/clients', ignoreBlocker: true }),
  );
  const input = inputOf(values);
  const inputs = { values, faultOf, onChange: set };
  if (data)
    return (
      <Created
        clientId={data.createOAuthClient.client.clientId}
        secret={data.createOAuthClient.clientSecret}
      />
    );
  return (
    <Page title="New client">
      <div className="form-and-preview">
        <Form
          label="New client"
          action="Create"
          error={error}
          faults={faults}
          isPending={isPending}
          onSubmit={() => mutate(input)}
          onCancel={close}
        >
          <TextInput description="Shown to users on the consent screen." required {...bind('name')} />
          <Radio.Group
            label="Type"
            data-field="clientType"
            description="Whether the client can keep a secret (RFC 6749 §2.1). It cannot be changed."
            value={values.clientType}
            error={faultOf('clientType')}
            onChange={(type) => set('clientType', type)}
          >
            <Stack gap="xs" mt="xs">
              <Radio
                value="PUBLIC"
                label="Public: runs on users’ devices"
                description="Browser app, mobile app, command line or agent. It has no secret; PKCE protects its codes."
              />
              <Radio
                value="CONFIDENTIAL"
                label="Confidential: runs on a server"
                description="It gets a secret, which is shown once."
              />
            </Stack>
          </Radio.Group>
          <FieldInputs names={ESSENTIALS} {...inputs} />
          <TextInput description="The organization that owns the client" required {...bind('orgId')} />
          <TextInput description="A user of that organization" {...bind('userId')} />
          <details>
            <summary>More fields: URLs, contacts, keys, software</summary>
            <Stack mt="sm">
              <FieldInputs names={FURTHER} {...inputs} />
            </Stack>
          </details>
        </Form>
        <Preview input={input} />
      </div>
      {question}
    </Page>
  );
}

function Preview({ input }: { input: CreateOAuthClientInput }) {
  return (
    <Card withBorder component="section" aria-label="Equivalent request">
      <Text fw={600} mb="xs">
        Equivalent request
      </Text>
      <Tabs defaultValue="curl" keepMounted={false}>
        <Tabs.List>
          {Object.keys(PREVIEWS).map((way) => (
            <Tabs.Tab key={way} value={way}>
              {way}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {Object.entries(PREVIEWS).map(([way, write]) => (
          <Tabs.Panel key={way} value={way} pt="xs">
            <Group justify="flex-end">
              <CopyButton value={write(input)} label={`the request for ${way}`} />
            </Group>
            <Code block className="wrap-anywhere" tabIndex={0}>
              {write(input)}
            </Code>
          </Tabs.Panel>
        ))}
      </Tabs>
      <Text size="xs" c="dimmed" mt="xs">
        By curl and SDK, the organization of the API key owns the client, and only fields of the REST API are
        sent.
      </Text>
    </Card>
  );
}

function Created({ clientId, secret }: { clientId: string; secret: string | null }) {
  const [isSecretShown, setIsSecretShown] = useState(secret !== null);
  return (
    <Page title="Client created">
      <Alert color="green" role="status" title="Client ID">
        <Group gap="xs">
          <Code className="secret">{clientId}</Code>
          <CopyButton value={clientId} label="the client ID" />
        </Group>
      </Alert>
      {secret !== null && isSecretShown && (
        <Dialog title="Client created">
          <ShownOnce
            what="Client secret"
            value={secret}
            members={{ client_id: clientId, client_secret: secret }}
            onDone={() => setIsSecretShown(false)}
          />
        </Dialog>
      )}
      <Group>
        <Button renderRoot={(props) => <Link to="/clients/$clientId" params={{ clientId }} {...props} />}>
          Open the client
        </Button>
      </Group>
    </Page>
  );
}
