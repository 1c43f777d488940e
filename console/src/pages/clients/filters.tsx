import { Button, Checkbox, Group, NativeSelect, Popover, Stack, TextInput } from '@mantine/core';
import { ChoiceFilter } from '../../parts/choice-filter';
import { TypedText } from '../../parts/typed-text';
import {
  AUTH_METHODS,
  CLIENT_TYPES,
  type ClientsSearch,
  GRANT_TYPES,
  SOURCES,
  STATUSES,
} from './clients-search';
import { COLUMNS } from './columns';

interface FiltersProps {
  search: ClientsSearch;
  /** @param change undefined removes a filter */
  onChange: (change: Partial<ClientsSearch>) => void;
}

const CHOICES = [
  { name: 'status', label: 'Status', values: STATUSES },
  { name: 'clientType', label: 'Type', values: CLIENT_TYPES },
  { name: 'source', label: 'Source', values: SOURCES },
  { name: 'grantType', label: 'Grant type', values: GRANT_TYPES },
  { name: 'authMethod', label: 'Authentication', values: AUTH_METHODS },
] as const;
const FLAGS = [
  { name: 'verified', label: 'Verified', yes: 'Verified', no: 'Not verified' },
  { name: 'unused', label: 'Usage', yes: 'Unused', no: 'All others' },
] as const;
const TEXTS = [
  { name: 'orgId', label: 'Organization' },
  { name: 'userId', label: 'User' },
  { name: 'scope', label: 'Scope' },
  { name: 'redirectHost', label: 'Redirect host' },
  { name: 'softwareId', label: 'Software ID' },
] as const;

/** The filters of the list. */
export function Filters({ search, onChange }: FiltersProps) {
  return (
    <Group component="search" align="flex-end" gap="xs" aria-label="Filter clients">
      <TypedText label="Name contains" value={search.q} onChange={(q) => onChange({ q })} type="search" />
      {CHOICES.map(({ name, label, values }) => (
        <ChoiceFilter
          key={name}
          label={label}
          values={values as readonly string[]}
          value={search[name]}
          onChange={(value) => onChange({ [name]: value })}
        />
      ))}
      {FLAGS.map(({ name, label, yes, no }) => (
        <NativeSelect
          key={name}
          label={label}
          value={String(search[name] ?? '')}
          data={[
            { value: '', label: 'Any' },
            { value: 'true', label: yes },
            { value: 'false', label: no },
          ]}
          onChange={({ currentTarget: { value } }) =>
            onChange({ [name]: value === '' ? undefined : value === 'true' })
          }
        />
      ))}
      {TEXTS.map(({ name, label }) => (
        <TypedText
          key={name}
          label={label}
          value={search[name]}
          onChange={(value) => onChange({ [name]: value })}
        />
      ))}
      <TextInput
        type="date"
        label="Last used before (UTC)"
        value={search.lastUsedBefore ?? ''}
        onChange={({ currentTarget: { value } }) => onChange({ lastUsedBefore: value || undefined })}
      />
      <Checkbox
        label="Deleted"
        checked={search.deleted ?? false}
        onChange={(event) => onChange({ deleted: event.currentTarget.checked || undefined })}
      />
    </Group>
  );
}

/** The choice of columns. */
export function ColumnChoice({
  shown,
  onChange,
}: {
  shown: readonly string[];
  onChange: (keys: string[]) => void;
}) {
  return (
    <Popover position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" size="xs">
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Columns">
        <Stack gap="xs">
          {COLUMNS.map(({ key, label }) => (
            <Checkbox
              key={key}
              size="xs"
              label={label}
              checked={shown.includes(key)}
              // The name links to the client
              disabled={key === 'name'}
              onChange={({ currentTarget: { checked } }) =>
                onChange(
                  COLUMNS.map((column) => column.key).filter((other) =>
                    other === key ? checked : shown.includes(other),
                  ),
                )
              }
            />
          ))}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
