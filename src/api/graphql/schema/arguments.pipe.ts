import { Injectable, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { type FieldFaults, RegistryError } from '../../../errors/registry-error.js';

/** Checks what the schema cannot say about arguments, such as lengths and ranges; names every fault at once. */
@Injectable()
export class ArgumentsPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      exceptionFactory: (errors) => {
        const invalidFields = collectFaults(errors);
        return new RegistryError(
          'validation_error',
          `These arguments are invalid: ${Object.keys(invalidFields).join(', ')}.`,
          { invalidFields },
        );
      },
    });
  }
}

/** Faults by path, such as `filter.nameContains`. */
function collectFaults(errors: ValidationError[], prefix = ''): FieldFaults {
  const faults = errors.map(({ property, constraints, children }): FieldFaults => {
    const path = `${prefix}${property}`;
    return {
      ...(constraints && { [path]: Object.values(constraints) }),
      ...collectFaults(children ?? [], `${path}.`),
    };
  });
  return Object.assign({}, ...faults) as FieldFaults;
}
