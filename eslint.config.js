import boundaries from 'eslint-plugin-boundaries';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/**
 * Which folder of src may import which (docs/adr/0002); what it imports from itself is its own business. The files beside
 * the folders are the composition root: they may import anything.
 */
const IMPORTS = {
  policy: [],
  addresses: [],
  diagnostics: [],
  'event-loop': [],
  errors: [],
  secrets: [],
  json: [],
  jwt: ['errors', 'json'],
  audit: ['database'],
  config: ['policy'],
  database: ['config', 'diagnostics', 'errors', 'event-loop'],
  clients: ['addresses', 'policy', 'audit', 'config', 'database', 'diagnostics', 'errors', 'jwt', 'secrets'],
  auth: ['addresses', 'policy', 'audit', 'config', 'database', 'errors', 'jwt', 'secrets'],
  'rate-limits': ['addresses', 'config'],
  operations: [
    'addresses',
    'audit',
    'auth',
    'clients',
    'policy',
    'config',
    'database',
    'diagnostics',
    'errors',
    'event-loop',
  ],
  migrations: [],
  cli: ['audit', 'auth', 'clients', 'policy', 'config', 'database', 'errors'],
  api: [
    'addresses',
    'audit',
    'auth',
    'clients',
    'policy',
    'config',
    'database',
    'diagnostics',
    'errors',
    'event-loop',
    'json',
    'rate-limits',
  ],
  door: [
    'api',
    'audit',
    'auth',
    'clients',
    'policy',
    'config',
    'diagnostics',
    'errors',
    'event-loop',
    'json',
  ],
};

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
    files: ['src/**/*.ts'],
    plugins: { boundaries },
    settings: {
      'import/resolver': { typescript: true },
      'boundaries/elements': [
        { type: 'policy', pattern: 'src/clients/policy' },
        { type: 'door', pattern: 'src/api/*', capture: ['door'] },
        ...[
          'addresses',
          'diagnostics',
          'event-loop',
          'errors',
          'secrets',
          'json',
          'jwt',
          'audit',
          'config',
          'database',
          'clients',
          'auth',
          'rate-limits',
          'operations',
          'migrations',
          'cli',
          'api',
        ].map((type) => ({ type, pattern: `src/${type}` })),
      ],
      'boundaries/files': [{ category: 'storage', pattern: ['**/*.entity.ts', '**/*.repository.ts'] }],
    },
    rules: {
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: [
            ...Object.entries(IMPORTS).map(([from, to]) => ({
              from: { element: { type: from } },
              allow: { to: { element: { types: { anyOf: from === 'door' ? to : [from, ...to] } } } },
            })),
            // A door knows itself, and no other
            {
              from: { element: { type: 'door' } },
              allow: {
                to: { element: { type: 'door', captured: { door: '{{from.element.captured.door}}' } } },
              },
            },
            // How clients are stored is nobody's business outside
            {
              from: { element: { types: { anyOf: ['api', 'door', 'operations'] } } },
              disallow: { to: { file: { categories: 'storage' } } },
            },
          ],
        },
      ],
    },
  },
);
