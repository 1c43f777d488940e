import { NativeSelect } from '@mantine/core';
import { inWords } from './words';

interface ChoiceFilterProps<T extends string> {
  label: string;
  values: readonly T[];
  value: T | undefined;
  /** Undefined removes the filter. */
  onChange: (value: T | undefined) => void;
}

/** A filter by one of a few values. */
export function ChoiceFilter<T extends string>({ label, values, value, onChange }: ChoiceFilterProps<T>) {
  return (
    <NativeSelect
      label={label}
      value={value ?? ''}
      data={[{ value: '', label: 'Any' }, ...values.map((each) => ({ value: each, label: inWords(each) }))]}
      onChange={({ currentTarget }) => onChange(values.find((each) => each === currentTarget.value))}
    />
  );
}
