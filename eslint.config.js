import boundaries from 'eslint-plugin-boundaries';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/**
 * Which folders of src each folder may import (docs/adr/0002); imports within a folder are allowed, except for `PARTS`.
 */
const IMPORTS = {
  addresses: [],
  files: [],
  diagnostics: [],
  errors: [],
  'event-loop': ['queues'],
  json: [],
  migrations: [],
  policy: [],
  secrets: [],
  config: ['policy'],
  queues: ['diagnostics', 'errors'],
  egress: ['addresses', 'config', 'errors', 'policy', 'queues'],
  jwt: ['errors', 'json', 'policy', 'queues'],
  database: ['config', 'diagnostics', 'errors', 'event-loop', 'queues'],
  audit: ['database', 'policy'],
  clients: [
    'addresses',
    'audit',
    'config',
    'database',
    'diagnostics',
    'egress',
    'errors',
    'json',
    'jwt',
    'policy',
    'queues',
    'secrets',
  ],
  authorization: [
    'audit',
    'auth',
    'clients',
    'config',
    'database',
    'errors',
    'event-loop',
    'files',
    'jwt',
    'policy',
    'queues',
    'secrets',
  ],
  auth: ['addresses', 'audit', 'config', 'database', 'errors', 'jwt', 'policy', 'secrets'],
  observability: ['addresses', 'clients', 'config', 'database', 'diagnostics', 'policy'],
  jobs: ['audit', 'auth', 'authorization', 'clients', 'config', 'database', 'diagnostics'],
  cli: ['audit', 'auth', 'authorization', 'clients', 'config', 'database', 'errors', 'files', 'policy'],
  http: [
    'addresses',
    'auth',
    'config',
    'database',
    'diagnostics',
    'errors',
    'event-loop',
    'json',
    'observability',
    'policy',
  ],
  api: [
    'addresses',
    'audit',
    'auth',
    'authorization',
    'clients',
    'config',
    'database',
    'diagnostics',
    'errors',
    'event-loop',
    'http',
    'json',
    'jwt',
    'policy',
  ],
};

/** Folders that import nothing from their siblings, except what is named here. Files next to them compose them. */
const PARTS = {
  policy: { metadata: [], names: [], uris: [] },
  database: {
    connection: [],
    sql: ['connection'],
    writes: ['connection', 'sql'],
    clock: ['connection', 'sql', 'writes'],
  },
  clients: {
    client: [],
    counts: [],
    use: ['client'],
    secrets: ['client'],
    'initial-access-tokens': ['client'],
    'software-statements': ['client'],
    anonymous: ['client', 'use'],
    registry: ['client', 'counts', 'secrets', 'initial-access-tokens', 'software-statements'],
    registration: ['client', 'counts', 'secrets', 'initial-access-tokens', 'use', 'anonymous', 'registry'],
    authentication: ['client', 'counts', 'secrets'],
  },
  authorization: {
    resources: [],
    tokens: [],
    grants: ['tokens'],
    engine: ['grants', 'resources', 'tokens'],
    keys: ['engine', 'grants', 'resources', 'tokens'],
    issuance: ['engine', 'grants', 'keys', 'resources', 'tokens'],
    consent: ['engine', 'grants', 'resources', 'tokens'],
    login: ['consent', 'tokens'],
  },
  auth: { principal: [], 'api-keys': ['principal'], jwt: ['principal'], sessions: ['principal', 'api-keys'] },
  observability: { logs: [], traces: ['logs'], metrics: [] },
  http: {
    responses: [],
    errors: ['responses'],
    requests: ['errors'],
    browsers: ['requests'],
    limits: ['errors', 'requests'],
    'rate-limits': ['errors', 'requests'],
    lifecycle: ['limits', 'responses'],
  },
  api: {
    documentation: [],
    authentication: [],
    rest: ['authentication', 'documentation'],
    graphql: ['authentication'],
    console: ['authentication'],
  },
  'api/rest': {
    fields: [],
    clients: ['fields'],
    registration: ['clients', 'fields'],
    'client-authentication': ['clients', 'fields', 'registration'],
    consent: ['clients'],
    authorization: ['client-authentication', 'consent'],
    health: [],
  },
  'api/graphql': {
    operations: [],
    schema: [],
    pagination: ['schema'],
    clients: ['operations', 'pagination', 'schema'],
    secrets: ['clients', 'operations', 'pagination', 'schema'],
    audit: ['clients', 'operations', 'pagination', 'schema'],
    authorization: ['clients', 'operations', 'pagination', 'schema'],
    credentials: ['clients', 'operations', 'pagination', 'schema'],
    'daily-counts': ['schema'],
    viewer: ['schema'],
  },
  migrations: {
    indexes: [],
    authorization: ['indexes'],
    clients: ['indexes'],
    registration: [],
    secrets: ['indexes'],
    audit: [],
    authentication: [],
    console: [],
    database: [],
  },
};

const partsOf = (folder) =>
  Object.entries(PARTS[folder] ?? {}).map(([part, others]) => ({
    part: `${folder}/${part}`,
    others: others.map((other) => `${folder}/${other}`),
  }));

/** A folder and all that are in it. */
const treeOf = (folder) => [folder, ...partsOf(folder).flatMap(({ part }) => treeOf(part))];

/** What a folder may import, and what those in it may. */
const policiesOf = (folder, others) => [
  {
    from: { element: { type: folder } },
    allow: { to: { element: { types: { anyOf: [...treeOf(folder), ...others.flatMap(treeOf)] } } } },
  },
  ...partsOf(folder).flatMap((inner) => policiesOf(inner.part, [...inner.others, ...others])),
];

const FOLDERS = Object.keys(IMPORTS).flatMap(treeOf);

export default tseslint.config(
  {
    ignores: [
      'dist',
      'dist-bench',
      'dist-fuzz',
      'coverage',
      'data',
      'console/src/graphql/operations.ts',
      'test/operator/operations.ts',
    ],
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      // `const { hash, ...rest }` is how a member is left out
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // It reads the environment: it is for the TypeORM CLI alone
      'no-restricted-imports': ['error', { patterns: ['**/ormconfig.js'] }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { requireDefaultForNonUnion: true, allowDefaultCaseForExhaustiveSwitch: false },
      ],
    },
  },
  {
    // SQL in repositories only
    files: ['src/**/*.ts'],
    ignores: [
      'src/**/*.repository.ts',
      'src/**/*.entity.ts',
      'src/database/**',
      'src/migrations/**',
      'src/persistence.ts',
      // They hand on the data source that they opened, and run no statement
      'src/app.module.ts',
      'src/cli.ts',
      'src/cli/**',
    ],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [{ name: 'typeorm', message: 'Put the statement into a *.repository.ts.' }],
          patterns: [
            {
              // Pages are types and arithmetic, too
              regex: '/database/(sql/(?!pages\\.js)|writes/)',
              message: 'Put the statement into a *.repository.ts.',
            },
          ],
        },
      ],
    },
  },
  {
    // Node.js takes seconds to parse what a caller sends in place of a URL
    files: ['src/**/*.ts'],
    ignores: ['src/config/**', 'src/policy/uris/uri.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            ':matches(NewExpression[callee.name="URL"]:not([arguments.0.type="Literal"]), MemberExpression[object.name="URL"])',
          message: 'Use readUrl for the text of a caller, and knownUrl for the URLs of this service.',
        },
      ],
    },
  },
  { files: ['console/**/*.tsx', 'console/**/*.ts'], extends: [reactHooks.configs.flat.recommended] },
  {
    // What comes over the wire has no type; a test says what it expects of it
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['src/**/*.ts', 'ormconfig.ts'],
    plugins: { boundaries },
    settings: {
      'import/resolver': { typescript: true },
      'boundaries/elements': [
        // The innermost folder first
        ...FOLDERS.toSorted((a, b) => b.length - a.length).map((folder) => ({
          type: folder,
          pattern: `src/${folder}`,
        })),
      ],
      'boundaries/files': [
        { category: 'storage', pattern: ['**/*.entity.ts', '**/*.repository.ts'] },
        { category: 'root', pattern: 'src/*.ts' },
        { category: 'ormconfig', pattern: 'ormconfig.ts' },
      ],
    },
    rules: {
      'boundaries/no-unknown-files': 'error',
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: [
            ...Object.entries(IMPORTS).flatMap(([folder, others]) => policiesOf(folder, others)),
            // The composition root and the entry point of the TypeORM CLI, which no module imports
            {
              from: { file: { categories: 'root' } },
              allow: { to: [{ element: { types: { anyOf: FOLDERS } } }, { file: { categories: 'root' } }] },
            },
            {
              from: { file: { categories: 'ormconfig' } },
              allow: {
                to: [
                  { element: { types: { anyOf: ['config', ...treeOf('database')] } } },
                  { file: { categories: 'root' } },
                ],
              },
            },
            // Repositories are internal to their folder
            {
              from: {
                element: { types: { anyOf: ['api', 'http', 'jobs', 'observability'].flatMap(treeOf) } },
              },
              disallow: { to: { file: { categories: 'storage' } } },
            },
          ],
        },
      ],
    },
  },
);
