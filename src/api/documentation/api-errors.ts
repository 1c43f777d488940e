import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { OAuthError } from '../../http/errors/error.dto.js';

/** The 401 of every protected operation. */
export const UNAUTHORIZED = 'The credentials are missing or invalid';
/** The 400 of every operation with a body. */
export const NO_OBJECT = 'The body is not a JSON object';
export const INVALID_FIELDS = 'Fields are invalid; invalid_fields lists each invalid field';

/** Documents the errors of an operation by status. */
export const ApiErrors = (descriptions: Record<number, string>, type: new () => object = OAuthError) =>
  applyDecorators(
    ...Object.entries(descriptions).map(([status, description]) =>
      ApiResponse({ status: Number(status), type, description }),
    ),
  );
