/** The URL of this file, or of the chunk that contains it: one directory below the root of the console. */
const loadedFrom = import.meta.url;

/** The root of the console. It is not a constant, since a proxy may serve it below any path. */
export const CONSOLE_URL = new URL('..', loadedFrom);

/** The URL of a path of the service, such as `graphql`. */
export const serviceUrl = (path: string) => new URL(`../${path}`, CONSOLE_URL).href;
