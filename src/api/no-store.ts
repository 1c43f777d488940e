import { applyDecorators, Header } from '@nestjs/common';

/** For replies with credentials: no cache on the way may keep them (RFC 6749 §5.1). */
export const NoStore = () =>
  applyDecorators(Header('Cache-Control', 'no-store'), Header('Pragma', 'no-cache'));
