import {
  defaultFieldResolver,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  getArgumentValues,
  getVariableValues,
  GraphQLError,
  type GraphQLLeafType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  locatedError,
  type OperationDefinitionNode,
  responsePathAsArray,
} from 'graphql';
import {
  type FieldPlan,
  type PlacePlan,
  planQuery,
  type QueryPlan,
  type SelectionPlan,
} from './query-plan.js';

type MaybePromise<T> = T | Promise<T>;
type Path = GraphQLResolveInfo['path'];

/** One execution of a query. */
interface Run extends Pick<GraphQLResolveInfo, 'schema' | 'fragments' | 'operation' | 'rootValue'> {
  variableValues: Record<string, unknown>;
  context: unknown;
  errors: GraphQLError[];
  /** Where an error made a null; undefined: of the whole response. */
  nulls: Set<Path | undefined>;
}

/**
 * Executes an operation as graphql-js does (GraphQL §6). For each object of a list, graphql-js finds out what is asked for of it and of
 * what type that is; here a plan says so, which is made once for each operation (ADR 8).
 * @param operation of the document; undefined: it is not clear which one
 * @returns undefined: there is no plan, or something is wrong with the variables, and graphql-js is to execute it and to say so
 */
export function executeByPlan(
  operation: OperationDefinitionNode | undefined,
  args: ExecutionArgs,
): MaybePromise<ExecutionResult> | undefined {
  const { schema, document, rootValue, contextValue: context } = args;
  if (!operation) return undefined;
  // First of all: what an operation may cost is known only where its variables are good (`operationLimits`)
  const { coerced: variableValues } = getVariableValues(
    schema,
    operation.variableDefinitions ?? [],
    args.variableValues ?? {},
    { maxErrors: 1 },
  );
  const plan = variableValues && planOf(schema, document, operation);
  if (!plan) return undefined;

  const { fragments, selection } = plan;
  const errors: GraphQLError[] = [];
  const nulls = new Set<Path | undefined>();
  const run: Run = { schema, fragments, operation, rootValue, variableValues, context, errors, nulls };
  const respond = (data: Record<string, unknown> | null): ExecutionResult =>
    errors.length > 0 ? { errors, data } : { data };
  const fail = (error: unknown): ExecutionResult => {
    report(run, error as GraphQLError, undefined);
    return respond(null);
  };
  try {
    const data = completeObject(run, selection, undefined, rootValue);
    return isPromise(data) ? data.then(respond, fail) : respond(data);
  } catch (error) {
    return fail(error);
  }
}

/** Null: there is none. Apollo keeps the documents that came of late, and with them their operations. */
const plans = new WeakMap<OperationDefinitionNode, QueryPlan | null>();

function planOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): QueryPlan | null {
  let plan = plans.get(operation);
  if (plan === undefined) {
    plan = planQuery(schema, document, operation) ?? null;
    plans.set(operation, plan);
  }
  return plan;
}

function completeObject(
  run: Run,
  { fields, template }: SelectionPlan,
  path: Path | undefined,
  source: unknown,
): MaybePromise<Record<string, unknown>> {
  const response = { ...template };
  const pending: Promise<unknown>[] = [];
  try {
    for (const field of fields) {
      const value = completeField(run, field, path, source);
      if (isPromise(value)) {
        pending.push(value.then((completed) => (response[field.key] = completed)));
      } else {
        response[field.key] = value;
      }
    }
  } catch (error) {
    return failAfter(pending, error);
  }
  return pending.length === 0 ? response : Promise.all(pending).then(() => response);
}

function completeField(run: Run, field: FieldPlan, prev: Path | undefined, source: unknown): unknown {
  const { key, nodes, parentType, definition, place } = field;
  const { schema, fragments, operation, rootValue, variableValues } = run;
  const path: Path = { prev, key, typename: parentType.name };
  let value: unknown;
  try {
    const args = definition.args.length > 0 ? getArgumentValues(definition, nodes[0]!, variableValues) : {};
    value = (definition.resolve ?? defaultFieldResolver)(source, args, run.context, {
      fieldName: definition.name,
      fieldNodes: nodes,
      returnType: definition.type,
      parentType,
      path,
      schema,
      fragments,
      operation,
      rootValue,
      variableValues,
    });
  } catch (error) {
    return nullFor(run, place, field, path, error);
  }
  return completePlace(run, place, field, path, value);
}

/**
 * @param value what a resolver gave for it
 * @returns what the response has there, or a promise of it
 * @throws an error that tells where it was, for lack of a value where there must be one
 */
function completePlace(run: Run, place: PlacePlan, field: FieldPlan, path: Path, value: unknown): unknown {
  try {
    const completed = isPromise(value)
      ? value.then((settled) => completeValue(run, place, field, path, settled))
      : completeValue(run, place, field, path, value);
    return isPromise(completed)
      ? completed.then(undefined, (error: unknown) => nullFor(run, place, field, path, error))
      : completed;
  } catch (error) {
    return nullFor(run, place, field, path, error);
  }
}

function completeValue(run: Run, place: PlacePlan, field: FieldPlan, path: Path, value: unknown): unknown {
  if (value instanceof Error) throw value;
  if (value === null || value === undefined) {
    if (place.isRequired) throw new Error(`Cannot return null for non-nullable field ${nameOf(field)}.`);
    return null;
  }
  switch (place.kind) {
    case 'leaf':
      return completeLeaf(place.type, value);
    case 'list':
      return completeList(run, place.items, field, path, value);
    case 'object':
      return completeObject(run, place.selection, path, value);
  }
}

function completeLeaf(type: GraphQLLeafType, value: unknown): unknown {
  const leaf: unknown = type.serialize(value);
  if (leaf === null || leaf === undefined) throw new Error(`${type.name} has nothing for what was given.`);
  return leaf;
}

function completeList(run: Run, place: PlacePlan, field: FieldPlan, prev: Path, list: unknown): unknown {
  if (typeof list !== 'object' || !list || !(Symbol.iterator in list)) {
    throw new GraphQLError(`Expected Iterable, but did not find one for field "${nameOf(field)}".`);
  }
  // At its full length: whoever adds one after another gets room for a dozen more
  const items: unknown[] = [...(list as Iterable<unknown>)];
  let key = 0;
  try {
    for (; key < items.length; key++) {
      const path: Path = { prev, key, typename: undefined };
      items[key] = completePlace(run, place, field, path, items[key]);
    }
  } catch (error) {
    return failAfter(items.slice(0, key).filter(isPromise), error);
  }
  return items.some(isPromise) ? Promise.all(items) : items;
}

/** What is under way may fail as well, and somebody must hear of it, or the process would end. */
function failAfter(pending: Promise<unknown>[], error: unknown): Promise<never> {
  if (pending.length === 0) throw error;
  return Promise.allSettled(pending).then(() => Promise.reject(error as Error));
}

const nameOf = ({ parentType, definition }: FieldPlan) => `${parentType.name}.${definition.name}`;

/** @throws the error where there may be no null: there will be one around it */
function nullFor(
  run: Run,
  { isRequired }: PlacePlan,
  { nodes }: FieldPlan,
  path: Path,
  error: unknown,
): null {
  const located = locatedError(error, nodes, responsePathAsArray(path));
  if (isRequired) throw located;
  report(run, located, path);
  return null;
}

/** What goes wrong inside of what is null already is nobody's concern any more. */
function report({ errors, nulls }: Run, error: GraphQLError, path: Path | undefined): void {
  for (let at = path; at; at = at.prev) if (nulls.has(at)) return;
  if (nulls.has(undefined)) return;
  nulls.add(path);
  errors.push(error);
}

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && typeof (value as Partial<Promise<unknown>> | null)?.then === 'function';
