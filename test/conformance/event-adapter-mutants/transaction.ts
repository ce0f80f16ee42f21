import type {
  AdapterAppendOptions,
  AppendedBatch,
  EventBatch,
  StoredEvent,
} from '../../../src/events/event-adapter.ts';
import { any, type Mutants, pause } from './mutant.ts';

const saved = (options: AdapterAppendOptions | undefined, appended: readonly AppendedBatch[]) =>
  options?.checkpoints?.(appended) ?? [];

const guesses = (batches: readonly EventBatch[]) => batches.map(() => ({ version: 1, position: 1 }));

export const appendCheckpointMutants: Mutants = {
  'saves no checkpoints with an append': (next) => ({
    append: (batches, options) => next.append(batches, { ...options, checkpoints: undefined }),
  }),
  'saves no checkpoints with an append that does not wait': (next) => ({
    appendSync: (batches, options) => next.appendSync(batches, { ...options, checkpoints: undefined }),
  }),
  'saves the first checkpoint of an append only': (next) => ({
    append: (batches, options) =>
      next.append(batches, { ...options, checkpoints: (appended) => saved(options, appended).slice(0, 1) }),
  }),
  'saves checkpoints before it knows whether it is refused': (next) => ({
    async append(batches, { checkpoints, ...options } = {}) {
      for (const { name, ...checkpoint } of saved({ checkpoints }, guesses(batches)))
        await next.saveCheckpoint(name, checkpoint);
      return next.append(batches, options);
    },
  }),
  'saves checkpoints of appends that are not refused, whatever becomes of the work': (next) => ({
    async append(batches, { checkpoints, ...options } = {}) {
      const save = async (appended: readonly AppendedBatch[]) => {
        for (const { name, ...checkpoint } of saved({ checkpoints }, appended))
          await next.saveCheckpoint(name, checkpoint);
      };
      const outcome = await next.append(batches, options).catch(async (error: unknown) => {
        await save(guesses(batches));
        throw error;
      });
      if (outcome.status === 'appended') await save(outcome.batches);
      return outcome;
    },
  }),
  'saves checkpoints that are not there yet only': (next) => ({
    async append(batches, options) {
      const named = saved(options, guesses(batches));
      const known = await Promise.all(named.map(({ name }) => next.loadCheckpoint(name)));
      const isNew = (_: unknown, index: number) => !known[index];
      return next.append(batches, { ...options, checkpoints: (appended) => saved(options, appended).filter(isNew) });
    },
  }),
  'makes checkpoints of where the first batch got to': (next) => ({
    append: (batches, options) =>
      next.append(batches, {
        ...options,
        checkpoints: (appended) => saved(options, [...appended].fill(appended[0]!)),
      }),
  }),
  'makes checkpoints before it knows where the batches get to': (next) => ({
    append: (batches, options) =>
      next.append(batches, { ...options, checkpoints: () => saved(options, guesses(batches)) }),
  }),
};

export const withinMutants: Mutants = {
  'does no work within an append': (next) => ({
    append: (batches, options) => next.append(batches, { ...options, within: undefined }),
  }),
  'works after it has stored': (next) => ({
    async append(batches, { within, ...options } = {}) {
      const seen: StoredEvent[] = [];
      const outcome = await next.append(batches, { ...options, within: (events) => void seen.push(...events) });
      if (outcome.status === 'appended') await within?.(seen, undefined);
      return outcome;
    },
  }),
  'works before it knows whether it is refused': (next) => ({
    async append(batches, { within, ...options } = {}) {
      await within?.([], undefined);
      return next.append(batches, options);
    },
  }),
  'works twice': (next) => ({
    append: (batches, { within, ...options } = {}) =>
      next.append(batches, {
        ...options,
        within:
          within &&
          (async (events, client) => {
            await within(events, client);
            await within(events, client);
          }),
      }),
  }),
  'swallows what the work throws': (next) => ({
    append: (batches, { within, ...options } = {}) =>
      next.append(batches, {
        ...options,
        within:
          within &&
          (async (events, client) => {
            await Promise.resolve(within(events, client)).catch(() => {});
          }),
      }),
  }),
  'wraps what the work throws': (next) => ({
    append: (batches, options) =>
      next.append(batches, options).catch((cause: unknown) => {
        throw new Error('the work failed', { cause });
      }),
  }),
  'tries work that fails again': (next) => ({
    append: (batches, options) => next.append(batches, options).catch(() => next.append(batches, options)),
  }),
  'does not wait for the work': (next) => ({
    append: (batches, { within, ...options } = {}) =>
      next.append(batches, {
        ...options,
        within: within && ((events, client) => void Promise.resolve(within(events, client)).catch(() => {})),
      }),
  }),
  'shows the work no positions': (next) => ({
    append: (batches, { within, ...options } = {}) =>
      next.append(batches, {
        ...options,
        within:
          within &&
          ((events, client) =>
            within(
              events.map((event) => ({ ...event, position: 0 })),
              client,
            )),
      }),
  }),
  'shows the work the events of the first batch': (next) => ({
    append: (batches, { within, ...options } = {}) =>
      next.append(batches, {
        ...options,
        within:
          within &&
          ((events, client) =>
            within(
              events.filter(({ stream }) => stream === batches[0]!.stream),
              client,
            )),
      }),
  }),
  'shows the work events in the order of streams': (next) => ({
    append: (batches, { within, ...options } = {}) =>
      next.append(batches, {
        ...options,
        within:
          within &&
          ((events, client) =>
            within(
              events.toSorted((a, b) => (a.stream < b.stream ? -1 : 1)),
              client,
            )),
      }),
  }),
  'keeps the streams of work that failed': (next) => ({
    async append(batches, options) {
      try {
        return await next.append(batches, options);
      } catch (error) {
        const [{ stream }] = batches as [(typeof batches)[0]];
        const version = (await next.streamVersion(stream)) + 1;
        await next.importStreams([{ stream, version, firstVersion: version + 1, deleted: false }]);
        throw error;
      }
    },
  }),
  'lets other appends in while work is done': (next) => ({
    async append(batches, { within, ...options } = {}) {
      if (!within) return next.append(batches, options);
      const { stream, expectedVersion, events } = batches[0]!;
      const version = await next.streamVersion(stream);
      if (typeof expectedVersion === 'number' && expectedVersion !== version) return next.append(batches, options);
      const position = await next.lastPosition();
      const place = (index: number) => ({ stream, version: version + 1 + index, position: position + 1 + index });
      await within(
        events.map((event, index) => ({ ...event, ...place(index) })),
        undefined,
      );
      await pause();
      return next.append(batches, options);
    },
  }),
  'does no work within a save': (next) => ({
    saveCheckpoint: (name, checkpoint, options) =>
      next.saveCheckpoint(name, checkpoint, { ...options, within: undefined }),
  }),
  'works after it has saved': (next) => ({
    async saveCheckpoint(name, checkpoint, { within, ...options } = {}) {
      const revision = await next.saveCheckpoint(name, checkpoint, options);
      if (revision !== undefined) await within?.(undefined);
      return revision;
    },
  }),
  'works before it looks at the revision': (next) => ({
    async saveCheckpoint(name, checkpoint, { within, ...options } = {}) {
      await within?.(undefined);
      return next.saveCheckpoint(name, checkpoint, options);
    },
  }),
  'wraps what the work within a save throws': (next) => ({
    saveCheckpoint: (name, checkpoint, options) =>
      next.saveCheckpoint(name, checkpoint, options).catch((cause: unknown) => {
        throw new Error('the work failed', { cause });
      }),
  }),
  'lets other saves in while work is done': (next) => ({
    async saveCheckpoint(name, checkpoint, { within, expectedRevision } = {}) {
      const { revision = 0 } = (await next.loadCheckpoint(name)) ?? {};
      if (expectedRevision !== undefined && expectedRevision !== revision) return undefined;
      await within?.(undefined);
      await pause();
      return next.saveCheckpoint(name, checkpoint, { expectedRevision });
    },
  }),
};

export const syncAppendMutants: Mutants = {
  'appends later than it says': (next) => ({
    appendSync(batches, options) {
      queueMicrotask(() => void next.appendSync(batches, options));
      return { status: 'appended', batches: batches.map(({ events }) => ({ version: events.length, position: 1 })) };
    },
  }),
  'appends at once only the first batch': (next) => ({
    appendSync: ([first], options) => next.appendSync([first!], options),
  }),
  'appends batches at once one by one': (next) => ({
    appendSync(batches, options) {
      const appended: AppendedBatch[] = [];
      for (const batch of batches) {
        const outcome = next.appendSync([batch], options);
        if (outcome.status !== 'appended') return outcome;
        appended.push(...outcome.batches);
      }
      return { status: 'appended', batches: appended };
    },
  }),
  'expects no version at once': (next) => ({
    appendSync: (batches, options) => next.appendSync(any(batches), options),
  }),
  'appends at once without condition': (next) => ({
    appendSync: (batches, { within } = {}) => next.appendSync(batches, { within }),
  }),
  'appends stored ids at once again': (next) => ({
    appendSync(batches, options) {
      const outcome = next.appendSync(batches, options);
      if (outcome.status !== 'existing') return outcome;
      const renewed = batches.map((each) => ({ ...each, events: each.events.map((e) => ({ ...e, id: `${e.id}+` })) }));
      return next.appendSync(any(renewed), options);
    },
  }),
  'does no work at once': (next) => ({
    appendSync: (batches, { condition } = {}) => next.appendSync(batches, { condition }),
  }),
  'works at once although it refuses': (next) => ({
    appendSync(batches, options) {
      const outcome = next.appendSync(batches, options);
      if (outcome.status !== 'appended') options?.within?.([], undefined);
      return outcome;
    },
  }),
  'works at once after it has stored': (next) => ({
    appendSync(batches, { within, condition } = {}) {
      const seen: StoredEvent[] = [];
      const outcome = next.appendSync(batches, { condition, within: (events) => void seen.push(...events) });
      if (outcome.status === 'appended') within?.(seen, undefined);
      return outcome;
    },
  }),
  'takes work at once that gives a promise': (next) => ({
    appendSync: (batches, { within, ...rest } = {}) =>
      next.appendSync(batches, {
        ...rest,
        within: (events, client) => void Promise.resolve(within?.(events, client)).catch(() => {}),
      }),
  }),
};

export const listenMutants: Mutants = {
  'never calls who listens': () => ({ listen: async () => async () => {} }),
  'calls who listens even after he ended it': (next) => ({
    async listen(wake) {
      await next.listen(wake);
      return async () => {};
    },
  }),
  'has one listener': (next) => {
    let end = async () => {};
    return {
      async listen(wake) {
        await end();
        end = await next.listen(wake);
        return end;
      },
    };
  },
  'ends all listeners with one': (next) => {
    const ends: (() => Promise<void>)[] = [];
    return {
      async listen(wake) {
        ends.push(await next.listen(wake));
        return async () => {
          for (const end of ends) await end();
        };
      },
    };
  },
  'throws where listening was ended already': (next) => ({
    async listen(wake) {
      const end = await next.listen(wake);
      let ended = false;
      return async () => {
        if (ended) throw new Error('ended');
        ended = true;
        await end();
      };
    },
  }),
};
