import { Button, type ButtonProps } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';

/** Copies `value` and announces the result to screen readers. */
export function CopyButton({
  value,
  label,
  text = 'Copy',
  ...props
}: { value: string; label: string; text?: string; autoFocus?: boolean } & ButtonProps) {
  const { copied, copy, error } = useClipboard({ timeout: 2_000 });
  const told = error ? 'Copy failed' : copied ? 'Copied' : text;
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      aria-label={copied ? `Copied: ${label}` : `Copy ${label}`}
      {...props}
      onClick={() => copy(value)}
    >
      <span aria-live="polite">{told}</span>
    </Button>
  );
}
