import { useState } from 'react';
import { RequestError } from '../graphql/request';

/** What is typed into a form, and what the service says about each field. */
export function useFields<T extends object>(initial: T, error: Error | null) {
  const [values, setValues] = useState(initial);
  const faults = error instanceof RequestError ? error.fields : {};
  const set = <K extends keyof T>(name: K, value: T[K]) =>
    setValues((before) => ({ ...before, [name]: value }));
  return {
    values,
    set,
    /** For an input of text by that name. */
    bind: (name: keyof T & string) => ({
      name,
      value: values[name] as string,
      error: faults[name]?.join('; '),
      onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
        set(name, currentTarget.value as never),
    }),
    faultOf: (name: keyof T & string) => faults[name]?.join('; '),
    /** Faults of what this form has no field for. */
    otherFaults: Object.entries(faults).filter(([name]) => !Object.hasOwn(values, name)),
  };
}

/** Days from now, as the API wants a time; null for none. */
export const inDays = (days: string): string | null =>
  days === '' ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString();

/** One entry a line. */
export const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
