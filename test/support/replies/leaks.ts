/**
 * What no reply may contain: stack traces, file paths, SQL, class names, names of tables, codes of the framework. The names
 * of input types of GraphQL end in "Filter" as well.
 */
export const INTERNALS =
  /\bat (?:async )?[\w.<>]+ \(|node_modules|\w\.[cm]?[jt]s\b|file:\/\/\/\w|\b(?:SELECT|INSERT INTO|DELETE FROM|SQLITE_\w+|FST_\w+|statusCode|stacktrace)\b|\b[A-Z]\w*(?:Error|Exception|Entity|Repository|Service|Controller|Pipe|Guard|(?<!OAuthClient|AuditEvent)Filter|Dto)\b|oauth_client_secrets|api_keys|\bundefined\b|\[object/;

/** What no page of HTML may contain. It names its scripts, so file names are allowed. */
export const INTERNALS_OF_PAGES = new RegExp(`node_modules|file://|${process.cwd()}`);

/** How every stored hash of a credential begins. No reply, event or line of the log contains one. */
export const HASH_PREFIX = 'sha256:';
