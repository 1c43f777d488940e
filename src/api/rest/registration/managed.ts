import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { Access } from '../../../auth/principal/access.js';
import { NoStore } from '../../../http/responses/default-headers.js';
import { ApiErrors } from '../../documentation/api-errors.js';

/** An operation of a registered client on itself; the token is checked before the body is read (RFC 7592 §2). */
export const Managed = () =>
  applyDecorators(
    Access('public'),
    NoStore(),
    ApiHeader({
      name: 'Authorization',
      required: true,
      description: '"Bearer" and the registration access token',
    }),
    ApiErrors({
      401: 'The registration access token is missing or invalid',
      403: 'The client is disabled',
    }),
  );
