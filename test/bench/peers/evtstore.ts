import type pg from 'pg';
import { type Contender, data, times, type } from '../events/contender.ts';
import { loadPeer, versioned } from './peer.ts';

interface EvtstorePostgres {
  createProvider(options: { client: pg.Pool; events: string; bookmarks: string }): {
    createEvents(stream: string, id: string, version: number, events: readonly unknown[]): readonly unknown[];
    append(stream: string, id: string, version: number, events: readonly unknown[]): Promise<unknown>;
    getEventsFor(stream: string, id: string): Promise<readonly unknown[]>;
  };
  migrate(options: { client: pg.Pool; events: string; bookmarks: string }): Promise<void>;
}

export async function evtstoreOnPostgres(client: pg.Pool): Promise<Contender | undefined> {
  const module = await loadPeer<EvtstorePostgres & { default?: EvtstorePostgres }>('evtstore/provider/pg.js');
  const evtstore = module?.default ?? module;
  if (!evtstore) return undefined;
  const options = { client, events: 'evtstore_events', bookmarks: 'evtstore_bookmarks' };
  await evtstore.migrate(options);
  const provider = evtstore.createProvider(options);
  return {
    name: versioned('evtstore', 'evtstore'),
    append: (id, version, count) => {
      const events = times(count, () => ({ type, ...data }));
      return provider.append('tasks', id, version, provider.createEvents('tasks', id, version + 1, events));
    },
    fold: async (id) => (await provider.getEventsFor('tasks', id)).reduce((count: number) => count + 1, 0),
  };
}
