/** Where this file, or the chunk that it became part of, was loaded from: one directory below the root of the console. */
const loadedFrom = import.meta.url;

/** The root of the console. A proxy may serve it below any path, so that it is no constant. */
export const CONSOLE_URL = new URL('..', loadedFrom);

/** The URL of a path of the service, such as `graphql`. */
export const serviceUrl = (path: string) => new URL(`../${path}`, CONSOLE_URL).href;
