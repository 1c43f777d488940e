import { Alert, Button, Center, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { signIn } from '../graphql/request';
import { useTitle } from '../parts/title';

interface SignInProps {
  onSignedIn: () => void | Promise<void>;
}

export function SignInPage({ onSignedIn }: SignInProps) {
  useTitle('Sign in');
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder p="xl" radius="md" className="sign-in">
        <Title order={1} size="h3" mb="xs">
          OAuth client registry
        </Title>
        <SignInForm
          about="Sign in with an API key that has the viewer or admin role."
          onSignedIn={onSignedIn}
        />
      </Paper>
    </Center>
  );
}

export function SignInForm({ about, onSignedIn }: SignInProps & { about: string }) {
  const [apiKey, setApiKey] = useState('');
  const { mutate, isPending, error } = useMutation({
    mutationFn: async () => {
      await signIn(apiKey.trim());
      await onSignedIn();
    },
    onSuccess: () => setApiKey(''),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text c="dimmed">{about}</Text>
        {error && (
          <Alert color="red" role="alert">
            {error.message}
          </Alert>
        )}
        <PasswordInput
          label="API key"
          description="Starts a session of 8 hours. The browser does not store the key."
          required
          data-autofocus
          autoComplete="off"
          value={apiKey}
          onChange={(event) => setApiKey(event.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the key', tabIndex: 0 }}
        />
        <Button type="submit" loading={isPending}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
