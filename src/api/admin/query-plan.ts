import {
  type DocumentNode,
  type FieldNode,
  getNullableType,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  SchemaMetaFieldDef,
  type SelectionNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from 'graphql';

type Fragments = GraphQLResolveInfo['fragments'];

/** What is the same whenever a query is executed: which fields are asked for of which type of object. */
export interface QueryPlan {
  fragments: Fragments;
  selection: SelectionPlan;
}

/** What is asked for of an object. */
export interface SelectionPlan {
  fields: readonly FieldPlan[];
  /** An object with a member for each field. To fill a copy of it is quicker than to add one member after another. */
  template: Readonly<Record<string, unknown>>;
}

export interface FieldPlan {
  /** What the response calls it. */
  key: string;
  /** Where it is in the query; more than once where it is asked for more than once. */
  nodes: readonly FieldNode[];
  parentType: GraphQLObjectType;
  definition: GraphQLField<unknown, unknown>;
  place: PlacePlan;
}

/** Where the response has a value: in a field, or in a list. */
export type PlacePlan = {
  /** Whether there may be no null. */
  isRequired: boolean;
} & (
  | { kind: 'leaf'; type: GraphQLLeafType }
  | { kind: 'list'; items: PlacePlan }
  | { kind: 'object'; selection: SelectionPlan }
);

/** A plan is kept as long as its document, and must not be much larger: a fragment may be spread again and again. */
const MAX_FIELDS = 1000;

/** One making of a plan. */
interface Planning {
  fragments: Fragments;
  fieldsLeft: number;
}

/**
 * Plans a query that was found to be valid.
 * @returns undefined for what is not planned: other operations, directives, types that decide for each object which one it is,
 * a member called `__proto__`, and more than a thousand fields
 */
export function planQuery(
  schema: GraphQLSchema,
  document: DocumentNode,
  { operation, selectionSet }: OperationDefinitionNode,
): QueryPlan | undefined {
  const type = schema.getQueryType();
  if (operation !== OperationTypeNode.QUERY || !type) return undefined;
  const fragments: Fragments = Object.fromEntries(
    document.definitions
      .filter((node) => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
  const planning: Planning = { fragments, fieldsLeft: MAX_FIELDS };
  const selection = planSelection(planning, type, selectionSet.selections);
  return selection && { fragments, selection };
}

/** What every object has (GraphQL §4), and the root. */
const META_FIELDS = new Map<string, GraphQLField<unknown, unknown>>(
  [TypeNameMetaFieldDef, SchemaMetaFieldDef, TypeMetaFieldDef].map((field) => [field.name, field]),
);

function planSelection(
  planning: Planning,
  parentType: GraphQLObjectType,
  selections: readonly SelectionNode[],
): SelectionPlan | undefined {
  const nodesByKey = new Map<string, FieldNode[]>();
  const isPlanned = collectFields(planning, parentType, selections, nodesByKey, new Set());
  // As a member, it would be the prototype
  if (!isPlanned || nodesByKey.has('__proto__')) return undefined;
  const fields: FieldPlan[] = [];
  for (const [key, nodes] of nodesByKey) {
    const name = nodes[0]!.name.value;
    const definition = META_FIELDS.get(name) ?? parentType.getFields()[name]!;
    const place = planPlace(planning, definition.type, nodes);
    if (!place) return undefined;
    fields.push({ key, nodes, parentType, definition, place });
  }
  // By JSON, since V8 makes a hash table of an object that gets more than a dozen members one after another
  const members = fields.map(({ key }) => `"${key}":null`);
  return { fields, template: JSON.parse(`{${members.join(',')}}`) as Record<string, null> };
}

/**
 * Fields that the response calls the same are one, which has the selections of all.
 * @returns false for what is not planned
 */
function collectFields(
  planning: Planning,
  parentType: GraphQLObjectType,
  selections: readonly SelectionNode[],
  nodesByKey: Map<string, FieldNode[]>,
  spread: Set<string>,
): boolean {
  return selections.every((selection) => {
    if (selection.directives?.length) return false;
    if (selection.kind === Kind.FIELD) {
      const key = (selection.alias ?? selection.name).value;
      const nodes = nodesByKey.get(key);
      if (nodes) nodes.push(selection);
      else nodesByKey.set(key, [selection]);
      return planning.fieldsLeft-- > 0;
    }
    const isSpread = selection.kind === Kind.FRAGMENT_SPREAD;
    if (isSpread && spread.has(selection.name.value)) return true;
    if (isSpread) spread.add(selection.name.value);
    const { typeCondition, selectionSet } = isSpread ? planning.fragments[selection.name.value]! : selection;
    const isOfType = !typeCondition || typeCondition.name.value === parentType.name;
    return isOfType && collectFields(planning, parentType, selectionSet.selections, nodesByKey, spread);
  });
}

function planPlace(
  planning: Planning,
  type: GraphQLOutputType,
  nodes: readonly FieldNode[],
): PlacePlan | undefined {
  const isRequired = isNonNullType(type);
  const present = getNullableType(type);
  if (isLeafType(present)) return { kind: 'leaf', isRequired, type: present };
  if (isListType(present)) {
    const items = planPlace(planning, present.ofType, nodes);
    return items && { kind: 'list', isRequired, items };
  }
  if (!isObjectType(present) || present.isTypeOf) return undefined;
  const selections = nodes.flatMap(({ selectionSet }) => selectionSet!.selections);
  const selection = planSelection(planning, present, selections);
  return selection && { kind: 'object', isRequired, selection };
}
