import {
  getMetadataStorage,
  IsArray,
  IsBoolean,
  IsIn,
  IsObject,
  IsString,
  ValidateIf,
  ValidationTypes,
} from 'class-validator';
import { memberFault } from '../../policy/metadata-members.js';
import { RegistryError, type FieldFaults } from '../../errors/registry-error.js';

/**
 * The parsed members of a request body. Meaning is validated later, in the core, so that one reply can name every error:
 * those of shape, found here, and those of meaning.
 */
export interface Shaped<T> {
  /** The members that have the right type. */
  body: T;
  /** What is wrong with the others, by name. */
  faults: FieldFaults;
}

/** The member may be left out; null is a value of the wrong type. */
export const MayBeAbsent = () => ValidateIf((_, value) => value !== undefined);

/** The member may be null, which takes away what was there. */
export const MayBeNull = () => ValidateIf((_, value) => value !== undefined && value !== null);

export const Text = () => IsString({ message: 'must be a string' });
export const Flag = () => IsBoolean({ message: 'must be true or false' });
export const Member = () => IsObject({ message: 'must be an object' });
export const OneOf = (values: readonly string[]) =>
  IsIn([...values], { message: `must be one of ${values.join(', ')}` });

/** An array of strings, of `values` only if they are given. */
export function TextList(values?: readonly string[]): PropertyDecorator {
  const what = values ? `one or more of ${values.join(', ')}` : 'strings';
  return (target, key) => {
    const message = `must be an array of ${what}`;
    IsArray({ message })(target, key);
    (values ? IsIn([...values], { each: true, message }) : IsString({ each: true, message }))(target, key);
  };
}

/** How a member is classified: accepted, ignored or rejected. */
export type MemberSorter = (member: string, value: unknown) => 'accepted' | 'ignored' | 'rejected';

/** @throws RegistryError `invalid_request` if the body is not JSON object */
export function requireObject(raw: unknown): Record<string, unknown> {
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return raw as Record<string, unknown>;
  throw new RegistryError(
    'invalid_request',
    'The request body must be a JSON object with the Content-Type application/json.',
  );
}

/** Reads the members that `type` says anything about, and rejects all others. */
export function onlyMembersOf(type: new () => object): MemberSorter {
  const members = new Set(checksOf(type).map(({ member }) => member));
  return (member) => (members.has(member) ? 'accepted' : 'rejected');
}

type Holds = (value: unknown, body: object) => boolean;

/** What the decorators of a member ask for. */
interface MemberChecks {
  member: string;
  /** Unless all of them hold, the constraints do not apply. */
  conditions: Holds[];
  constraints: { holds: Holds; fault: string }[];
}

const checksByType = new Map<object, MemberChecks[]>();

/**
 * The decorators of a class, read once. `validateSync` of class-validator reads them for each object, and makes an error for each
 * member, with or without a fault: more than a tenth of a registration (docs/development/performance.md).
 */
function checksOf(type: new () => object): MemberChecks[] {
  const known = checksByType.get(type);
  if (known !== undefined) return known;
  const storage = getMetadataStorage();
  const decorators = storage.getTargetValidationMetadatas(type, '', false, false);
  const checks = Object.entries(storage.groupByPropertyName(decorators)).map(([member, ofMember]) => {
    const isCondition = (decorator: Decorator) => decorator.type === ValidationTypes.CONDITIONAL_VALIDATION;
    return {
      member,
      conditions: ofMember.filter(isCondition).map(conditionOf),
      constraints: ofMember.filter((decorator) => !isCondition(decorator)).map(constraintOf),
    };
  });
  checksByType.set(type, checks);
  return checks;
}

type Decorator = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

/** Of `ValidateIf`. */
function conditionOf({ constraints }: Decorator): Holds {
  const [isMet] = constraints as [(body: object, value: unknown) => boolean];
  return (value, body) => isMet(body, value);
}

function constraintOf({
  type,
  constraintCls,
  constraints,
  each,
  message,
  propertyName: property,
}: Decorator) {
  if (type !== ValidationTypes.CUSTOM_VALIDATION) throw new Error(`${property}: no way to check ${type}`);
  const { instance } = getMetadataStorage().getTargetValidatorConstraints(constraintCls)[0]!;
  const holds: Holds = (value, object) =>
    instance.validate(value, { value, constraints, object, property, targetName: '' }) === true;
  const allHold: Holds = (values, body) =>
    Array.isArray(values) ? values.every((value) => holds(value, body)) : holds(values, body);
  return { holds: each ? allHold : holds, fault: message as string };
}

/**
 * Reads a JSON object into `type`, whose decorators say what shape each member has.
 * @throws RegistryError `invalid_request` if the body is not JSON object
 */
export function readShape<T extends object>(type: new () => T, raw: unknown, sort: MemberSorter): Shaped<T> {
  const faults: FieldFaults = {};
  // Not by class-transformer: it walks into nested values, and trips over a member "constructor" there
  const body = new type();
  for (const [name, value] of Object.entries(requireObject(raw))) {
    const treatment = sort(name, value);
    if (treatment === 'accepted') body[name as keyof T] = value as T[keyof T];
    if (treatment === 'rejected') faults[name] = [memberFault(name)];
  }
  for (const { member, conditions, constraints } of checksOf(type)) {
    const value: unknown = body[member as keyof T];
    if (!conditions.every((isMet) => isMet(value, body))) continue;
    const broken = constraints.find(({ holds }) => !holds(value, body));
    if (broken === undefined) continue;
    faults[member] = [value === undefined ? `is required and ${broken.fault}` : broken.fault];
    delete body[member as keyof T];
  }
  return { body, faults };
}
