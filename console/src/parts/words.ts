/** Words that are written in capitals. */
const ABBREVIATIONS = /\b(?:api|cli|jwt|rest|uri)\b/gi;

/** An enum value of the schema as text: "API key created" for API_KEY_CREATED. */
export function inWords(name: string): string {
  const words = name.toLowerCase().replaceAll('_', ' ');
  const sentence = words.charAt(0).toUpperCase() + words.slice(1);
  return sentence.replace(ABBREVIATIONS, (word) => word.toUpperCase()).replace('Graphql', 'GraphQL');
}
