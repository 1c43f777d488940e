/** Of the door of RFC 7591, as Nest takes it. */
export const REGISTRATION_PATH = 'v2/oauth/register';

/** Whether a route belongs to it. */
export const isRegistrationPath = (url: string) => url.startsWith(`/${REGISTRATION_PATH}`);

export const GRAPHQL_PATH = '/graphql';
