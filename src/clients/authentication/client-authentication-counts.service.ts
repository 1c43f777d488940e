import { Injectable } from '@nestjs/common';
import { ClientAuthenticationCountsRepository } from '../counts/daily-counts.repository.js';
import { DailyCounts } from '../counts/daily-counts.service.js';
import type { AuthenticationFailure } from './client-authentication.js';

/** What became of an attempt to authenticate: it succeeded, or why it did not. */
export type ClientAuthenticationResult = 'authenticated' | AuthenticationFailure;

/** Counts attempts of clients to authenticate. */
@Injectable()
export class ClientAuthenticationCountsService extends DailyCounts<ClientAuthenticationResult> {
  constructor(repository: ClientAuthenticationCountsRepository) {
    super(repository);
  }
}
