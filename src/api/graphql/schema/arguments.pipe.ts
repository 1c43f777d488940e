import { Injectable, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { type FieldFaults, RegistryError } from '../../../errors/registry-error.js';

/** Validates arguments beyond the schema, such as lengths and ranges. Reports all errors together. */
@Injectable()
export class ArgumentsPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      exceptionFactory: (errors) => {
        const invalidFields = collectFaults(errors);
        return new RegistryError(
          'validation_error',
          `Invalid arguments: ${Object.keys(invalidFields).join(', ')}.`,
          { invalidFields },
        );
      },
    });
  }
}

/** Errors by path, such as `filter.nameContains`. */
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
