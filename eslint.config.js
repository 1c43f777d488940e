import boundaries from 'eslint-plugin-boundaries';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/**
 * Which folders of src each folder may import (docs/adr/0002); what it imports from itself is its own business, but for `SEPARATE`.
 * `root` are the files beside the folders, which put everything together.
 */
const IMPORTS = {
  addresses: [],
  diagnostics: [],
  errors: [],
  'event-loop': [],
  json: [],
  migrations: [],
  policy: [],
  secrets: [],
  config: ['policy'],
  jwt: ['errors', 'json'],
  database: ['config', 'diagnostics', 'errors', 'event-loop'],
  audit: ['database'],
  clients: ['addresses', 'audit', 'config', 'database', 'diagnostics', 'errors', 'jwt', 'policy', 'secrets'],
  auth: ['addresses', 'audit', 'config', 'database', 'errors', 'jwt', 'policy', 'secrets'],
  observability: ['addresses', 'clients', 'config', 'database', 'diagnostics', 'policy'],
  jobs: ['audit', 'auth', 'clients', 'config', 'database', 'diagnostics'],
  cli: ['audit', 'auth', 'clients', 'config', 'database', 'errors', 'policy'],
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
    'clients',
    'config',
    'database',
    'diagnostics',
    'errors',
    'event-loop',
    'http',
    'json',
    'policy',
  ],
  root: [
    'addresses',
    'api',
    'auth',
    'audit',
    'cli',
    'clients',
    'config',
    'database',
    'http',
    'jobs',
    'migrations',
    'observability',
  ],
  ormconfig: ['config', 'database', 'root'],
};

/** Folders of a folder that import nothing from one another, but what is named here. */
const SEPARATE = {
  database: {
    connection: [],
    sql: ['connection'],
    writes: ['connection', 'sql'],
    clock: ['connection', 'sql', 'writes'],
  },
  auth: {
    principal: [],
    'api-keys': ['principal'],
    jwt: ['principal'],
    sessions: ['principal', 'api-keys'],
  },
  policy: { metadata: [], names: [], uris: [] },
  clients: {
    client: [],
    counts: ['client'],
    use: ['client'],
    secrets: ['client'],
    'initial-access-tokens': ['client'],
    'software-statements': ['client'],
    anonymous: ['client', 'use'],
    registry: ['client', 'counts', 'secrets', 'initial-access-tokens', 'software-statements'],
    registration: [
      'client',
      'secrets',
      'initial-access-tokens',
      'software-statements',
      'anonymous',
      'registry',
    ],
  },
  observability: { logs: [], traces: ['logs'], metrics: [] },
  http: {
    errors: [],
    requests: ['errors'],
    responses: ['errors'],
    limits: ['errors', 'requests'],
    'rate-limits': ['errors', 'requests'],
    lifecycle: ['errors', 'limits', 'responses'],
  },
  api: {
    documentation: [],
    authentication: [],
    rest: ['authentication', 'documentation'],
    graphql: ['authentication'],
    console: ['authentication'],
  },
};

const withParts = (folder) => [
  folder,
  ...Object.keys(SEPARATE[folder] ?? {}).map((part) => `${folder}/${part}`),
];

export default tseslint.config(
  { ignores: ['dist', 'dist-bench', 'dist-fuzz', 'coverage', 'data', 'console/src/graphql/operations.ts'] },
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
        ...Object.entries(SEPARATE).flatMap(([folder, parts]) =>
          Object.keys(parts).map((part) => ({ type: `${folder}/${part}`, pattern: `src/${folder}/${part}` })),
        ),
        { type: 'ormconfig', pattern: 'ormconfig.ts', mode: 'full' },
        { type: 'root', pattern: 'src/*.ts', mode: 'full' },
        ...Object.keys(IMPORTS)
          .filter((type) => type !== 'root' && type !== 'ormconfig')
          .map((type) => ({ type, pattern: `src/${type}` })),
      ],
      'boundaries/files': [{ category: 'storage', pattern: ['**/*.entity.ts', '**/*.repository.ts'] }],
    },
    rules: {
      'boundaries/no-unknown-files': 'error',
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: [
            ...Object.entries(IMPORTS).flatMap(([folder, others]) => {
              const parts = SEPARATE[folder] ?? {};
              const allow = (from, to) => ({
                from: { element: { type: from } },
                allow: { to: { element: { types: { anyOf: to } } } },
              });
              const outside = others.flatMap(withParts);
              return [
                // What lies beside its folders puts them together
                allow(folder, [...withParts(folder), ...outside]),
                ...Object.entries(parts).map(([part, siblings]) =>
                  allow(`${folder}/${part}`, [
                    `${folder}/${part}`,
                    ...siblings.map((sibling) => `${folder}/${sibling}`),
                    ...outside,
                  ]),
                ),
              ];
            }),
            // How clients are stored is nobody's business outside
            {
              from: {
                element: { types: { anyOf: ['api', 'http', 'jobs', 'observability'].flatMap(withParts) } },
              },
              disallow: { to: { file: { categories: 'storage' } } },
            },
          ],
        },
      ],
    },
  },
);
