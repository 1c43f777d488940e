import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiParam } from '@nestjs/swagger';
import { Access } from '../../../auth/principal/access-roles.js';
import { NoStore } from '../../../http/responses/default-headers.js';
import { ApiErrors } from '../../documentation/api-errors.js';

/** An operation of a registered client on itself; the token is checked before the body is read (RFC 7592 §2). */
export const Managed = ({ isTokenRequired = true } = {}) =>
  applyDecorators(
    Access('public'),
    NoStore(),
    // The guard reads it: no parameter of a method declares it
    ApiParam({ name: 'client_id', type: String }),
    ApiHeader({
      name: 'Authorization',
      required: isTokenRequired,
      description: `"Bearer" and the registration access token${isTokenRequired ? '' : '; omitted for a shared client'}`,
    }),
    ApiErrors({
      401: 'The registration access token is missing or invalid',
      403: isTokenRequired ? 'The client is disabled or shared' : 'The client is disabled',
    }),
  );
