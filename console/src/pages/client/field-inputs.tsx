import { Checkbox, Group, NativeSelect, Switch, Textarea, TextInput } from '@mantine/core';
import { inWords } from '../../parts/words';
import { type FieldName, FIELDS, type FieldValues } from './client-fields';

interface FieldInputsProps {
  names: readonly FieldName[];
  values: FieldValues;
  faultOf: (name: FieldName) => string | undefined;
  onChange: (name: FieldName, value: string | boolean | string[]) => void;
}

/** An input for each field, with its explanation and validation errors. */
export function FieldInputs({ names, values, faultOf, onChange }: FieldInputsProps) {
  return names.map((name) => {
    const field = FIELDS[name];
    const shared = {
      name,
      'data-field': name,
      label: field.label,
      description: field.hint,
      error: faultOf(name),
    };
    const value = values[name];
    switch (field.kind) {
      case 'text':
        return (
          <TextInput
            key={name}
            {...shared}
            value={value as string}
            onChange={({ currentTarget }) => onChange(name, currentTarget.value)}
          />
        );
      case 'lines':
        return (
          <Textarea
            key={name}
            {...shared}
            autosize
            minRows={2}
            maxRows={10}
            spellCheck={false}
            value={value as string}
            onChange={({ currentTarget }) => onChange(name, currentTarget.value)}
          />
        );
      case 'ticks':
        return (
          <Checkbox.Group
            key={name}
            {...shared}
            value={value as string[]}
            onChange={(chosen) => onChange(name, chosen)}
          >
            <Group gap="md" mt={6}>
              {field.values.map((choice) => (
                <Checkbox key={choice} value={choice} label={inWords(choice)} />
              ))}
            </Group>
          </Checkbox.Group>
        );
      case 'choice':
        return (
          <NativeSelect
            key={name}
            {...shared}
            data={[
              { value: '', label: 'Not set' },
              ...field.values.map((choice) => ({ value: choice, label: inWords(choice) })),
            ]}
            value={value as string}
            onChange={({ currentTarget }) => onChange(name, currentTarget.value)}
          />
        );
      case 'flag':
        return (
          <Switch
            key={name}
            {...shared}
            checked={value as boolean}
            onChange={({ currentTarget }) => onChange(name, currentTarget.checked)}
          />
        );
    }
  });
}
