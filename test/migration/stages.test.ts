import { describe, expect, test, vi } from 'vitest';
import { ConcurrencyConflictError, InvalidArgumentError } from '../../src/core/errors.ts';
import { gate } from '../../src/migration/gate.ts';
import { MigrationRunner } from '../../src/migration/migration-runner.ts';
import type { MigrationStage } from '../../src/migration/stage.ts';
import { type CutoverStageOptions, cutoverStage } from '../../src/migration/stages/cutover-stage.ts';
import { eventStage } from '../../src/migration/stages/event-stage.ts';
import { foundationStage } from '../../src/migration/stages/foundation-stage.ts';
import { resilienceStage } from '../../src/migration/stages/resilience-stage.ts';
import { versioningStage } from '../../src/migration/stages/versioning-stage.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { Disk, passTime } from './support.ts';

function setUp(stage: MigrationStage) {
  const disk = new Disk();
  const clock = new FakeClock();
  const runner = () => new MigrationRunner({ name: 'm', stages: [stage], store: disk.open(), clock });
  return { disk, clock, runner };
}

const failure = (code: string, message?: RegExp) =>
  expect.objectContaining({ cause: expect.objectContaining({ code, message: expect.stringMatching(message ?? /./) }) });

/** Work that writes itself down. */
const logged =
  <T>(log: string[], what: string, result: T) =>
  async (): Promise<T> => {
    log.push(what);
    return result;
  };

describe('foundationStage', () => {
  test('installs, proves the event store, and uninstalls on rollback', async () => {
    const log: string[] = [];
    const store = new Disk();
    const { runner } = setUp(
      foundationStage({
        eventStore: store.open(),
        install: async () => void log.push('install'),
        uninstall: async () => void log.push('uninstall'),
      }),
    );
    await runner().run();
    expect(store.types('migration-probe')).toEqual(['migration.probe', 'migration.probe']);
    await runner().rollback('foundation');
    expect(log).toEqual(['install', 'uninstall']);
  });

  test('fails on a store that loses what it took, or takes a stale write', async () => {
    const forgetful = { ...new Disk().open(), append: async () => {} };
    await expect(
      setUp(foundationStage({ eventStore: forgetful }))
        .runner()
        .run(),
    ).rejects.toEqual(failure('STAGE_CHECK_FAILED', /gave back 0/));
    const disk = new Disk();
    const { append, read } = disk.open();
    let first = true;
    const careless = {
      read,
      append: async (...[stream, events, options]: Parameters<typeof append>) => {
        if (first) await append(stream, events, options);
        first = false;
      },
    };
    await expect(
      setUp(foundationStage({ eventStore: careless }))
        .runner()
        .run(),
    ).rejects.toEqual(failure('STAGE_CHECK_FAILED', /had passed/));
  });
});

describe('eventStage', () => {
  function parts(found: { compared: number; differences: number }) {
    const log: string[] = [];
    const stage = eventStage({
      sources: ['bridge', 'watcher'].map((name) => async () => {
        log.push(`open ${name}`);
        return { close: logged(log, `close ${name}`, undefined) };
      }),
      imports: [{ name: 'tasks', run: logged(log, 'import', { events: 3 }) }],
      verifyProjection: async () => found,
      discard: async () => void log.push('discard'),
    });
    return { log, ...setUp(stage) };
  }

  test('listens before it imports; a new process listens again and does not import again', async () => {
    const { log, runner } = parts({ compared: 5, differences: 0 });
    await runner().run();
    await runner().resume();
    expect(log).toEqual(['open bridge', 'open watcher', 'import', 'open bridge', 'open watcher']);
  });

  test.each([
    ['a difference', { compared: 5, differences: 1 }, /1 is above 0/],
    ['nothing compared', { compared: 0, differences: 0 }, /0 samples, at least 1/],
  ])('%s rolls it back', async (_, found, why) => {
    const { log, runner } = parts(found);
    await expect(runner().run()).rejects.toThrow(why);
    expect(log.slice(3)).toEqual(['close watcher', 'close bridge', 'discard']);
  });
});

describe('versioningStage', () => {
  const records = async function* () {
    for (const id of ['a', 'b', 'c']) yield { id, state: { id } };
  };

  function versionsOf(present: Record<string, number>) {
    const writeVersion = vi.fn(async (id: string, _state: unknown, expectedVersion: number) => {
      const actualVersion = id === 'c' ? 1 : (present[id] ?? 0); // c is written by somebody else at this moment
      if (actualVersion !== expectedVersion)
        throw new ConcurrencyConflictError({ aggregateId: id, expectedVersion, actualVersion });
      present[id] = 1;
    });
    return { writeVersion, readVersion: async (id: string) => (present[id] ? { version: present[id] } : null) };
  }

  test('gives a version to what has none, and takes no write back', async () => {
    const versions = versionsOf({ a: 4 });
    await setUp(versioningStage({ records, versions })).runner().run();
    expect(versions.writeVersion.mock.calls.map(([id]) => id)).toEqual(['b', 'c']);
    const broken = { ...versionsOf({}), writeVersion: async () => Promise.reject(new Error('disk full')) };
    await expect(
      setUp(versioningStage({ records, versions: broken }))
        .runner()
        .run(),
    ).rejects.toThrow('disk full');
  });

  test.each([
    [0, 0, 'completed'],
    [10, 8, 'completed'],
    [10, 7, 'rolled_back'],
  ])('of %i conflicts %i resolved: %s', async (conflicts, resolved, state) => {
    const { runner } = setUp(
      versioningStage({ records, versions: versionsOf({}), reconcile: async () => ({ conflicts, resolved }) }),
    );
    await runner()
      .run()
      .catch((error) => expect(error.code).toBe('GATE_NOT_PASSED'));
    expect((await runner().status()).state).toBe(state);
  });

  test('refuses a share that is none', () => {
    expect(() => versioningStage({ records, versions: versionsOf({}), maxLeftToPeoplePercent: 101 })).toThrow(
      InvalidArgumentError,
    );
  });
});

describe('resilienceStage', () => {
  const drills = (recovered: boolean[]) =>
    recovered.map((each, i) => ({ name: `${i}`, run: async () => ({ recovered: each }) }));

  test.each([
    [[...Array<boolean>(9).fill(true), false], 'completed'],
    [[...Array<boolean>(8).fill(true), false, false], 'rolled_back'],
  ])('passes on the share of drills that recover', async (recovered, state) => {
    const log: string[] = [];
    const enable = () => void log.push('on');
    const disable = () => void log.push('off');
    const { runner } = setUp(resilienceStage({ enable, disable, drills: drills(recovered) }));
    await runner()
      .run()
      .catch((error) => expect(error.code).toBe('GATE_NOT_PASSED'));
    expect((await runner().status()).state).toBe(state);
    expect(log).toEqual(state === 'completed' ? ['on'] : ['on', 'off']);
  });

  test('recovery that nobody has seen does not count', () => {
    expect(() => resilienceStage({ enable: () => {}, disable: () => {}, drills: [] })).toThrow(InvalidArgumentError);
  });
});

describe('cutoverStage', () => {
  function parts(options: Partial<CutoverStageOptions> & { errorsAt?: number; syncBreaks?: () => boolean } = {}) {
    const log: string[] = [];
    let percent = 0;
    const stage = cutoverStage({
      traffic: {
        setNewSystemTraffic: (to) => {
          percent = to;
          log.push(`traffic ${to}`);
        },
      },
      canary: { durationMs: 30, gates: [gate.atMost('errors', 0, () => (percent === options.errorsAt ? 1 : 0))] },
      finalSync: (checkpoint) => ({
        performFinalSync: async () => {
          log.push(`sync after ${await checkpoint.load()}`);
          await checkpoint.save('row 2');
          return {
            success: options.syncBreaks?.() !== true,
            migratedRecords: 2,
            errors: [],
            quarantined: [],
            differences: [],
          };
        },
      }),
      validator: { validateSystem: logged(log, 'validate', { isValid: true, results: [], unchecked: [] }) },
      removal: {
        removeLegacyComponents: logged(log, 'remove', {
          applied: true,
          archive: '/a',
          removed: [],
          missing: [],
          references: [],
        }),
        restore: async () => void log.push('restore'),
      },
      carryBack: async () => void log.push('carry back'),
      ...options,
    });
    return { log, ...setUp(stage) };
  }

  test.each(['traffic', 'canary', 'finalSync', 'carryBack'])(
    'is refused without %s, before there is a way back to need it',
    (part) => {
      expect(() => parts({ [part]: undefined })).toThrow(InvalidArgumentError);
      expect(() => parts({ [part]: undefined })).toThrow(new RegExp(`^${part}`));
    },
  );

  const back = ['restore', 'carry back', 'traffic 0', 'carry back'];

  test('goes up share by share, then synchronizes, validates, removes; rollback carries back before and after the switch', async () => {
    const { log, runner, clock } = parts();
    await passTime(clock, runner().run());
    expect(log).toEqual([
      'traffic 1',
      'traffic 5',
      'traffic 25',
      'traffic 50',
      'traffic 100',
      'sync after null',
      'validate',
      'remove',
    ]);
    expect(clock.now()).toBeGreaterThanOrEqual(150);
    log.length = 0;
    await runner().resume();
    expect(log).toEqual(['traffic 100']);
    await runner().rollback('cutover');
    expect(log.slice(1)).toEqual(back);
  });

  test('MR3 errors at a share take all traffic back', async () => {
    const { log, runner, clock } = parts({ errorsAt: 25 });
    await expect(passTime(clock, runner().run())).rejects.toThrow(/during "watch 25 %" \(errors: 1 is above 0\)/);
    expect(log).toEqual(['traffic 1', 'traffic 5', 'traffic 25', ...back]);
  });

  test('a new process has the share that was reached, and watches it from the beginning', async () => {
    const { log, runner, clock } = parts();
    const controller = new AbortController();
    const run = runner().run({ signal: controller.signal });
    await clock.advance(65);
    controller.abort(new Error('deploy'));
    await expect(run).rejects.toThrow('deploy');
    const from = clock.now();
    await passTime(clock, runner().resume());
    expect(log.slice(0, 6)).toEqual([
      'traffic 1',
      'traffic 5',
      'traffic 25',
      'traffic 25',
      'traffic 50',
      'traffic 100',
    ]);
    expect(clock.now() - from).toBeGreaterThanOrEqual(90);
  });

  test('does not go on after a synchronization with errors, nor remove anything from an invalid system', async () => {
    let breaks = true;
    const sync = parts({ syncBreaks: () => breaks });
    const counts = /left 0 differences, 0 records set aside, 0 errors/;
    await expect(passTime(sync.clock, sync.runner().run())).rejects.toEqual(failure('STAGE_CHECK_FAILED', counts));
    expect(sync.log.at(-1)).toBe('sync after null');
    breaks = false;
    await passTime(sync.clock, sync.runner().resume());
    expect(sync.log.slice(-4)).toEqual(['traffic 100', 'sync after row 2', 'validate', 'remove']);
    const result = { category: 'security', name: 'access', passed: false, detail: 'open', durationMs: 1 } as const;
    const validator = {
      validateSystem: async () => ({ isValid: false, results: [result], unchecked: ['stability' as const] }),
    };
    const invalid = parts({ validator });
    const message = /found access: open; no check of stability/;
    await expect(passTime(invalid.clock, invalid.runner().run())).rejects.toEqual(
      failure('STAGE_CHECK_FAILED', message),
    );
    expect(invalid.log).not.toContain('remove');
  });

  test.each([[[]], [[5, 5, 100]], [[50, 5, 100]], [[0, 100]], [[1, 50]], [[Number.NaN, 100]], [[50, 100, 200]]])(
    'refuses the shares %j',
    (percentages) => {
      expect(() => parts({ percentages })).toThrow(InvalidArgumentError);
    },
  );
});
