import type { INestApplication } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { RegistrationCountsService } from '../../../clients/registration/registration-counts.service.js';
import { REGISTRATION_PATH } from '../../../config/paths.js';

const ROUTE = `/${REGISTRATION_PATH}`;

/** Counts registrations that were refused, by whatever stands in front of the core, too, and writes all counts down at the end. */
export function countRegistrations(fastify: FastifyInstance, app: INestApplication): void {
  const counts = app.get(RegistrationCountsService, { strict: false });
  fastify.addHook('onResponse', (request, _reply, done) => {
    const { refusal, method } = request;
    if (refusal !== undefined && method === 'POST' && request.routeOptions.url === ROUTE)
      counts.count(refusal);
    done();
  });
  // After the last request, and before the database is closed
  fastify.addHook('onClose', () => counts.flush());
}
