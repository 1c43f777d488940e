import type { HttpReply, HttpRequest } from '../http-request.js';

/** Something that must not be. */
export interface Finding {
  /** The same for everything that is probably one fault: each is reported once. */
  kind: string;
  detail: string;
}

/** Says what is wrong with a reply. */
export type Oracle = (request: HttpRequest, reply: HttpReply) => Finding[];
