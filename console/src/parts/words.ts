/** How the console says what the schema calls CLIENT_SECRET_ISSUED: "Client secret issued". */
export function inWords(name: string): string {
  const words = name.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
