import type { INestApplication } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { RegistrationCountsService } from '../../../clients/registration/registration-counts.service.js';
import { REGISTRATION_PATH } from '../../../config/paths.js';

const ROUTE = `/${REGISTRATION_PATH}`;

/** Counts rejected registrations, including those rejected by hooks. */
export function countRegistrations(fastify: FastifyInstance, app: INestApplication): void {
  const counts = app.get(RegistrationCountsService, { strict: false });
  fastify.addHook('onResponse', (request, _reply, done) => {
    const { rejection, method } = request;
    if (rejection !== undefined && method === 'POST' && request.routeOptions.url === ROUTE)
      counts.count(rejection);
    done();
  });
}
