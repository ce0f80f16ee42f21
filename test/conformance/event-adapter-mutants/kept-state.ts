import type { StoredCheckpoint } from '../../../src/events/event-adapter.ts';
import { type Mutants, pause } from './mutant.ts';

export const snapshotMutants: Mutants = {
  'keeps one snapshot a stream': (next) => ({
    loadSnapshot: (stream) => next.loadSnapshot(stream, ''),
    saveSnapshot: (snapshot) => next.saveSnapshot({ ...snapshot, name: '' }),
  }),
  'keeps one snapshot a name': (next) => ({
    loadSnapshot: (_, name) => next.loadSnapshot('', name),
    saveSnapshot: (snapshot) => next.saveSnapshot({ ...snapshot, stream: '' }),
  }),
  'keeps the first snapshot': (next) => ({
    async saveSnapshot(snapshot) {
      if (!(await next.loadSnapshot(snapshot.stream, snapshot.name))) await next.saveSnapshot(snapshot);
    },
  }),
  'keeps the snapshot of the highest version': (next) => ({
    async saveSnapshot(snapshot) {
      const kept = await next.loadSnapshot(snapshot.stream, snapshot.name);
      if (!kept || kept.version <= snapshot.version) await next.saveSnapshot(snapshot);
    },
  }),
  'has a snapshot for everyone': (next) => ({
    async loadSnapshot(stream, name) {
      const none = { stream, name, schemaVersion: 1, version: 0, eventId: '', data: '0', encoding: 'json' };
      return (await next.loadSnapshot(stream, name)) ?? none;
    },
  }),
  'forgets the encoding of snapshots': (next) => ({
    saveSnapshot: (snapshot) => next.saveSnapshot({ ...snapshot, encoding: 'json' }),
  }),
  'cuts long snapshots': (next) => ({
    saveSnapshot: (snapshot) => next.saveSnapshot({ ...snapshot, data: snapshot.data.slice(0, 100_000) }),
  }),
  'makes a stream of a snapshot': (next) => ({
    async saveSnapshot(snapshot) {
      const { stream, version } = snapshot;
      await next.importStreams([{ stream, version, firstVersion: version + 1, deleted: false }]);
      await next.saveSnapshot(snapshot);
    },
  }),
};

export const checkpointMutants: Mutants = {
  'lets a checkpoint only grow': (next) => ({
    async saveCheckpoint(name, { position, state }, options) {
      const last = (await next.loadCheckpoint(name))?.position ?? 0;
      return next.saveCheckpoint(name, { position: Math.max(position, last), state }, options);
    },
  }),
  'has one checkpoint for all': (next) => ({
    loadCheckpoint: () => next.loadCheckpoint(''),
    saveCheckpoint: (_, checkpoint, options) => next.saveCheckpoint('', checkpoint, options),
  }),
  'has a checkpoint where there is none': (next) => ({
    loadCheckpoint: async (name) =>
      (await next.loadCheckpoint(name)) ?? { name, position: 0, state: '{}', revision: 0 },
  }),
  'keeps checkpoints in 32 bits': (next) => ({
    saveCheckpoint: (name, { position, state }, options) =>
      next.saveCheckpoint(name, { position: position | 0, state }, options),
  }),
  'forgets the state of checkpoints': (next) => ({
    saveCheckpoint: (name, { position }, options) => next.saveCheckpoint(name, { position, state: '{}' }, options),
  }),
  'parses and prints the state of checkpoints': (next) => ({
    saveCheckpoint: (name, { position, state }, options) =>
      next.saveCheckpoint(name, { position, state: JSON.stringify({ ...JSON.parse(state) }) }, options),
  }),
  'saves checkpoints whatever their revision is': (next) => ({
    saveCheckpoint: (name, checkpoint, options) =>
      next.saveCheckpoint(name, checkpoint, { ...options, expectedRevision: undefined }),
  }),
  'takes revision 0 for any': (next) => ({
    saveCheckpoint: (name, checkpoint, options = {}) =>
      next.saveCheckpoint(name, checkpoint, { ...options, expectedRevision: options.expectedRevision || undefined }),
  }),
  'takes an earlier revision for the present one': (next) => ({
    async saveCheckpoint(name, checkpoint, options = {}) {
      const { revision = 0 } = (await next.loadCheckpoint(name)) ?? {};
      const { expectedRevision } = options;
      const isEarlier = expectedRevision !== undefined && expectedRevision > 0 && expectedRevision < revision;
      return next.saveCheckpoint(name, checkpoint, isEarlier ? { ...options, expectedRevision: revision } : options);
    },
  }),
  'makes a checkpoint at a revision that is not there': (next) => ({
    async saveCheckpoint(name, checkpoint, options = {}) {
      const there = await next.loadCheckpoint(name);
      return next.saveCheckpoint(name, checkpoint, there ? options : { ...options, expectedRevision: undefined });
    },
  }),
  'compares revisions first and saves later': (next) => ({
    async saveCheckpoint(name, checkpoint, options = {}) {
      const { expectedRevision, within } = options;
      const there = await next.loadCheckpoint(name);
      if (expectedRevision !== undefined && expectedRevision !== (there?.revision ?? 0)) return undefined;
      await pause();
      return next.saveCheckpoint(name, checkpoint, { within });
    },
  }),
  'counts revisions from 1 again after a deletion': (next) => {
    const offsets = new Map<string, number>();
    const told = (stored: StoredCheckpoint): StoredCheckpoint => {
      return { ...stored, revision: stored.revision - (offsets.get(stored.name) ?? 0) };
    };
    let last = 0;
    return {
      async saveCheckpoint(name, checkpoint, { expectedRevision, within } = {}) {
        const offset = offsets.get(name) ?? 0;
        const expected = expectedRevision ? { expectedRevision: expectedRevision + offset } : { expectedRevision };
        const revision = await next.saveCheckpoint(name, checkpoint, { ...expected, within });
        last = Math.max(last, revision ?? 0);
        return revision === undefined ? undefined : revision - offset;
      },
      async loadCheckpoint(name) {
        const stored = await next.loadCheckpoint(name);
        return stored && told(stored);
      },
      async deleteCheckpoint(name) {
        offsets.set(name, last);
        await next.deleteCheckpoint(name);
      },
    };
  },
  'keeps the revision where nothing has changed': (next) => ({
    async saveCheckpoint(name, checkpoint, options) {
      const there = await next.loadCheckpoint(name);
      const isSame = there?.position === checkpoint.position && there.state === checkpoint.state;
      return isSame && !options?.within ? there.revision : next.saveCheckpoint(name, checkpoint, options);
    },
  }),
  'gives the revision before': (next) => ({
    async saveCheckpoint(name, checkpoint, options) {
      const revision = await next.saveCheckpoint(name, checkpoint, options);
      return revision === undefined ? undefined : revision - 1;
    },
  }),
  'deletes no checkpoint': () => ({ deleteCheckpoint: async () => {} }),
  'deletes all checkpoints that begin so': (next) => ({
    async deleteCheckpoint(name) {
      for (const each of await next.listCheckpoints(name)) await next.deleteCheckpoint(each.name);
    },
  }),
  'throws where there is no checkpoint to delete': (next) => ({
    async deleteCheckpoint(name) {
      if (!(await next.loadCheckpoint(name))) throw new Error('none');
      await next.deleteCheckpoint(name);
    },
  }),
  'lists all checkpoints': (next) => ({ listCheckpoints: () => next.listCheckpoints('') }),
  'lists no checkpoint by its whole name': (next) => ({
    listCheckpoints: async (prefix) => (await next.listCheckpoints(prefix)).filter(({ name }) => name !== prefix),
  }),
  'lists checkpoints whatever their case': (next) => ({
    listCheckpoints: async (prefix) =>
      (await next.listCheckpoints('')).filter(({ name }) => name.toLowerCase().startsWith(prefix.toLowerCase())),
  }),
  'lists checkpoints by a pattern': (next) => ({
    async listCheckpoints(prefix) {
      const escaped = prefix.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      const pattern = new RegExp(`^${escaped.replaceAll('%', '.*').replaceAll('_', '.')}`, 's');
      return (await next.listCheckpoints('')).filter(({ name }) => pattern.test(name));
    },
  }),
  'lists checkpoints that contain it': (next) => ({
    listCheckpoints: async (prefix) => (await next.listCheckpoints('')).filter(({ name }) => name.includes(prefix)),
  }),
};

export const savedTogetherMutants: Mutants = {
  'saves a checkpoint alone': (next) => ({
    saveCheckpoint: (name, checkpoint, options) =>
      next.saveCheckpoint(name, checkpoint, { ...options, checkpoints: undefined }),
  }),
  'saves the others only where there is work too': (next) => ({
    saveCheckpoint: (name, checkpoint, options = {}) =>
      next.saveCheckpoint(name, checkpoint, options.within ? options : { ...options, checkpoints: undefined }),
  }),
  'saves one other only': (next) => ({
    saveCheckpoint: (name, checkpoint, options = {}) =>
      next.saveCheckpoint(name, checkpoint, { ...options, checkpoints: options.checkpoints?.slice(0, 1) }),
  }),
  'saves the others before it compares the revision': (next) => ({
    async saveCheckpoint(name, checkpoint, { checkpoints = [], ...options } = {}) {
      for (const each of checkpoints) await next.saveCheckpoint(each.name, each);
      return next.saveCheckpoint(name, checkpoint, options);
    },
  }),
  'saves the others whatever becomes of the work': (next) => ({
    async saveCheckpoint(name, checkpoint, { checkpoints = [], ...options } = {}) {
      let failed = true;
      let revision: number | undefined;
      try {
        revision = await next.saveCheckpoint(name, checkpoint, options);
        failed = false;
      } finally {
        if (failed || revision !== undefined)
          for (const each of checkpoints) await next.saveCheckpoint(each.name, each);
      }
      return revision;
    },
  }),
};
