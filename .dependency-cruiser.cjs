// The floors of src/: a room imports only from lower floors, beside it only what is listed here.
// Adapters and conformance suites may know every port by type, but take values only from core/ and their own folder.
const floors = [
  ['core'],
  ['events', 'state', 'conflicts', 'cache', 'resilience', 'monitoring', 'traffic'],
  ['sync', 'rollback'],
  ['migration', 'tasks'],
];
const typesAllowedBeside = { state: ['cache'] };

const notUp = floors.map((rooms, floor) => ({
  name: `floor-${floor}-not-up`,
  severity: 'error',
  from: { path: `^src/(${rooms.join('|')})/` },
  to: {
    path: `^src/(${[...floors.slice(floor + 1).flat(), 'adapters', 'testing'].join('|')})/|^src/index`,
  },
}));

const notBeside = floors.slice(1).flatMap((rooms) =>
  rooms.flatMap((room) => {
    const others = rooms.filter((other) => other !== room);
    const allowed = typesAllowedBeside[room] ?? [];
    return [
      {
        name: `${room}-not-beside`,
        severity: 'error',
        from: { path: `^src/${room}/` },
        to: { path: `^src/(${others.filter((other) => !allowed.includes(other)).join('|')})/` },
      },
      ...allowed.map((other) => ({
        name: `${room}-only-types-of-${other}`,
        severity: 'error',
        from: { path: `^src/${room}/` },
        to: { path: `^src/${other}/`, dependencyTypesNot: ['type-only'] },
      })),
    ];
  }),
);

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...notUp,
    ...notBeside,
    {
      name: 'rollback-only-types-of-floor-1',
      severity: 'error',
      from: { path: '^src/rollback/' },
      to: { path: `^src/(${floors[1].join('|')})/`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'adapters-take-values-only-from-core',
      severity: 'error',
      from: { path: '^src/(adapters/[^/]+|testing)/' },
      to: {
        path: '^src/(?!core/)',
        pathNot: ['^src/$1/'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'adapters-not-beside',
      severity: 'error',
      from: { path: '^src/adapters/([^/]+)/' },
      to: { path: '^src/adapters/([^/]+)/', pathNot: '^src/adapters/$1/' },
    },
    {
      name: 'no-driver-in-the-library',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: 'node_modules/(pg|better-sqlite3|libsql|ioredis|redis|@electric-sql)/' },
    },
    {
      name: 'no-index-inside',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/index\\.ts$' },
      to: { path: '^src/.*index\\.ts$' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: 'index\\.ts$' },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
