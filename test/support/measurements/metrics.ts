/** One line of what Prometheus reads. */
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** All metrics of a registry, as Prometheus would read them (text exposition format 0.0.4). */
export class Scrape {
  private constructor(
    readonly text: string,
    readonly samples: readonly Sample[],
  ) {}

  static async of(url: string): Promise<Scrape> {
    const response = await fetch(url);
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text}`);
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Scrape(text, lines.map(readSample));
  }

  /** The sum of all samples of that name that have at least these labels; null if there is none. */
  value(name: string, labels: Record<string, string> = {}): number | null {
    const found = this.samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
    return found.length === 0 ? null : found.reduce((sum, { value }) => sum + value, 0);
  }

  /** The different values of a label of a metric. */
  labelValues(name: string, label: string): string[] {
    const values = this.samples.filter((sample) => sample.name === name).map(({ labels }) => labels[label]!);
    return [...new Set(values)].sort();
  }
}

function readSample(line: string): Sample {
  const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`no sample: ${line}`);
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key!, text!]);
  return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) };
}
