import { Query, Resolver } from '@nestjs/graphql';
import { Access } from '../../../auth/principal/access.js';
import { CurrentPrincipal } from '../../../auth/principal/request-context.js';
import type { Principal } from '../../../auth/principal/principal.js';
import { toViewer, Viewer } from './viewer.type.js';

/** Tells operators as whom they act. */
@Resolver()
@Access('admin')
export class ViewerResolver {
  @Query(() => Viewer, { description: 'Whoever asks.' })
  viewer(@CurrentPrincipal() principal: Principal): Viewer {
    return toViewer(principal);
  }
}
