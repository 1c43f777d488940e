import { Injectable } from '@nestjs/common';
import type { ErrorCode } from '../../errors/registry-error.js';
import { RegistrationCountsRepository } from '../counts/daily-counts.repository.js';
import { DailyCounts } from '../counts/daily-counts.service.js';

/** What became of an attempt to register: a client that was made or was there already, or why there is none. */
export type RegistrationResult = 'created' | 'reused' | ErrorCode;

/** Counts attempts to register. */
@Injectable()
export class RegistrationCountsService extends DailyCounts<RegistrationResult> {
  constructor(repository: RegistrationCountsRepository) {
    super(repository);
  }
}
