import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const PAGES = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

const withoutCode = (page: string) => page.replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]*`/g, '`');

/** The targets of links and images that lead to this repository. */
function targetsIn(page: string): string[] {
  const targets = [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that GitHub gives to headings. */
function anchorsIn(page: string): string[] {
  const headings = [...page.replace(/^```[^]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)];
  const seen = new Map<string, number>();
  return headings.map(([, heading]) => {
    const text = heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = text.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times ? `${slug}-${times}` : slug;
  });
}

it.each(PAGES)('%s: relative links and anchors resolve', (page) => {
  const broken = targetsIn(readFileSync(page, 'utf8')).filter((target) => {
    const [path, anchor] = target.split('#') as [string, string?];
    const file = path ? normalize(join(dirname(page), path)) : page;
    if (!existsSync(file)) return true;
    return anchor !== undefined && !anchorsIn(readFileSync(file, 'utf8')).includes(anchor);
  });
  expect(broken).toEqual([]);
});

it('the map of the documentation links to every page', () => {
  const linked = targetsIn(readFileSync('docs/README.md', 'utf8')).map((target) => join('docs', target));
  const pages = PAGES.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md');
  expect(pages.filter((page) => !linked.includes(page))).toEqual([]);
});
