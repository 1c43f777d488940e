import { useState } from 'react';
import { RequestError } from '../graphql/request';

/** A field with validation errors. */
export interface Fault {
  name: string;
  /** Its label in the form. */
  label: string;
  messages: readonly string[];
}

/** The errors of `redirectUris.0` as errors of `redirectUris`. */
function ofField([path, messages]: [string, readonly string[]]): [string, string[]] {
  const [name = path, index] = path.split('.');
  const about = index !== undefined && /^\d+$/.test(index) ? `entry ${Number(index) + 1} ` : '';
  return [name, messages.map((message) => asSentence(`${about}${message}`))];
}

const asSentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function faultsOf(error: Error | null, labels: Readonly<Record<string, string>>): Fault[] {
  const messages = new Map<string, string[]>();
  for (const [name, told] of Object.entries(error instanceof RequestError ? error.fields : {}).map(ofField)) {
    messages.set(name, [...(messages.get(name) ?? []), ...told]);
  }
  return [...messages].map(([name, told]) => ({ name, label: labels[name] ?? name, messages: told }));
}

/**
 * The values of a form, and the validation errors of each field until the field is changed.
 * @param labels of the fields
 */
export function useFields<T extends object>(
  initial: T,
  error: Error | null,
  labels: Readonly<Record<keyof T & string, string>>,
) {
  const [values, setValues] = useState(initial);
  const [start] = useState(initial);
  const [corrected, setCorrected] = useState<{ error: Error | null; names: readonly string[] }>({
    error: null,
    names: [],
  });
  const faults = faultsOf(error, labels).filter(
    ({ name }) => corrected.error !== error || !corrected.names.includes(name),
  );
  const set = <K extends keyof T & string>(name: K, value: T[K]) => {
    setValues((before) => ({ ...before, [name]: value }));
    setCorrected((before) => ({ error, names: before.error === error ? [...before.names, name] : [name] }));
  };
  // The style sheet shows line breaks
  const faultOf = (name: keyof T & string) =>
    faults.find((fault) => fault.name === name)?.messages.join('\n');
  return {
    values,
    set,
    /** Props of the text input for a field. */
    bind: (name: keyof T & string) => ({
      name,
      'data-field': name,
      label: labels[name],
      value: values[name] as string,
      error: faultOf(name),
      onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
        set(name, currentTarget.value as never),
    }),
    faultOf,
    faults,
    /** Whether there is unsaved input. */
    isChanged: JSON.stringify(values) !== JSON.stringify(start),
  };
}

/** A time in so many days, for the API; null if empty. */
export const inDays = (days: string): string | null =>
  days === '' ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString();

/** One entry per line. */
export const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
