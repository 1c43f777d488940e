import { Query } from '@nestjs/graphql';
import { CurrentPrincipal } from '../../../auth/principal/request-context.js';
import type { Principal } from '../../../auth/principal/principal.js';
import { toViewer, Viewer } from './viewer.type.js';
import { AdminResolver } from '../schema/admin-resolver.js';

/** Tells operators as whom they act. */
@AdminResolver()
export class ViewerResolver {
  @Query(() => Viewer, { description: 'Whoever asks.' })
  viewer(@CurrentPrincipal() principal: Principal): Viewer {
    return toViewer(principal);
  }
}
