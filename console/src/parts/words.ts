/** Words that are written in capitals, whatever comes before them. */
const ABBREVIATIONS = /\b(?:api|cli|jwt|rest|uri)\b/gi;

/** How the console says what the schema calls API_KEY_CREATED: "API key created". */
export function inWords(name: string): string {
  const words = name.toLowerCase().replaceAll('_', ' ');
  const sentence = words.charAt(0).toUpperCase() + words.slice(1);
  return sentence.replace(ABBREVIATIONS, (word) => word.toUpperCase()).replace('Graphql', 'GraphQL');
}
