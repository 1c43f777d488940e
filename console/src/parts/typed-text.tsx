import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';

const TYPING_MS = 300;

interface TypedTextProps {
  label: string;
  value?: string;
  /** Undefined if the input is empty. */
  onChange: (value: string | undefined) => void;
  type?: string;
}

/** A filter by text, debounced. */
export function TypedText({ label, value = '', onChange, type }: TypedTextProps) {
  const [typed, setTyped] = useState(value);
  const [given, setGiven] = useState(value);
  const [told, setTold] = useState(value);
  if (value !== given) {
    setGiven(value);
    // Another view was opened; the value that was set here returns when more was typed already
    if (value !== told) setTyped(value);
  }
  const tell = useDebouncedCallback((text: string) => {
    setTold(text);
    onChange(text || undefined);
  }, TYPING_MS);
  return (
    <TextInput
      label={label}
      type={type}
      value={typed}
      maxLength={255}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value);
        tell(currentTarget.value);
      }}
    />
  );
}
