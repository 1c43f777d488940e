import { Matches, type ValidationOptions } from 'class-validator';

/** 1 to 255 characters that a database can search for: PostgreSQL knows no NUL in a text. */
export const SearchText = (options: ValidationOptions = {}) =>
  Matches(/^[^\0]{1,255}$/su, { message: 'must be 1 to 255 characters long, without NUL', ...options });
