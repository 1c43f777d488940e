import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { OAuthError } from '../../http/errors/error.dto.js';

/** What every guarded operation answers to strangers. */
export const UNAUTHORIZED = 'No credentials, or bad ones';
/** What every operation with a body answers where it is not one. */
export const NO_OBJECT = 'The body is no JSON object';
export const INVALID_FIELDS = 'Fields are invalid: invalid_fields names each';

/** Documents the errors of an operation: by status, when it answers them. */
export const ApiErrors = (descriptions: Record<number, string>, type: new () => object = OAuthError) =>
  applyDecorators(
    ...Object.entries(descriptions).map(([status, description]) =>
      ApiResponse({ status: Number(status), type, description }),
    ),
  );
