/** Runs `work`; what was parsed as a URL meanwhile, by any part of the process. */
export async function urlsParsedDuring(work: () => Promise<unknown>): Promise<string[]> {
  const parsed: string[] = [];
  const { URL: real } = globalThis;
  const noting =
    <T>(parse: (text: string, base?: string) => T) =>
    (text: string, base?: string): T => {
      parsed.push(String(text));
      return parse(text, base);
    };
  globalThis.URL = class extends real {
    constructor(text: string | URL, base?: string | URL) {
      parsed.push(String(text));
      super(text, base);
    }
    static override canParse = noting((text, base) => real.canParse(text, base));
    static override parse = noting((text, base) => real.parse(text, base));
  };
  try {
    await work();
  } finally {
    globalThis.URL = real;
  }
  return parsed;
}
