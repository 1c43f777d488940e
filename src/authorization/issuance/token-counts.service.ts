import { Injectable } from '@nestjs/common';
import { TokenCountsRepository } from '../../clients/counts/daily-counts.repository.js';
import { DailyCounts } from '../../clients/counts/daily-counts.service.js';
import type { GrantType } from '../../policy/grants/grant-types.js';

/** Counts access tokens that were issued, by grant type. */
@Injectable()
export class TokenCountsService extends DailyCounts<GrantType> {
  constructor(repository: TokenCountsRepository) {
    super(repository);
  }
}
