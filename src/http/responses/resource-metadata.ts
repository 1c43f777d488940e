import type { FastifyInstance } from 'fastify';
import { PROTECTED_RESOURCE_PATH } from '../../config/paths.js';
import type { PublicUrl } from './public-url.js';

/** Tells software that lacks credentials where it learns which authorization server has them (RFC 9728 §5.1), for every interface. */
export function nameResourceMetadata(fastify: FastifyInstance, publicUrl: PublicUrl): void {
  fastify.addHook('onSend', (_, reply, payload, done) => {
    if (reply.statusCode === 401) {
      const challenge = reply.getHeader('www-authenticate');
      if (typeof challenge === 'string' && challenge.startsWith('Bearer')) {
        const separator = challenge === 'Bearer' ? ' ' : ', ';
        const metadata = `resource_metadata="${publicUrl.of(PROTECTED_RESOURCE_PATH)}"`;
        void reply.header('www-authenticate', challenge + separator + metadata);
      }
    }
    done(null, payload);
  });
}
