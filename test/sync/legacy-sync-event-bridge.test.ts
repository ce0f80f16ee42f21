import { EventEmitter } from 'node:events';
import { EventEmitter as EventEmitter3 } from 'eventemitter3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '../../src/events/domain-event.ts';
import { LegacyPublishError } from '../../src/sync/errors.ts';
import { instrumentSync } from '../../src/sync/instrument-sync.ts';
import type { LegacyEmitter } from '../../src/sync/legacy-emitter.ts';
import { LegacySyncCompletedEvent } from '../../src/sync/legacy-sync-completed-event.ts';
import { LegacySyncEventBridge } from '../../src/sync/legacy-sync-event-bridge.ts';
import { LegacySyncFailedEvent } from '../../src/sync/legacy-sync-failed-event.ts';
import { runs } from '../invariants/runs.ts';

class RecordingBus {
  readonly events: DomainEvent[] = [];
  before: (event: DomainEvent) => Promise<void> = async () => {};

  async publish(event: DomainEvent): Promise<void> {
    await this.before(event);
    this.events.push(event);
  }
}

const silent = () => {};

interface Emitter extends LegacyEmitter {
  emit(event: string, ...args: unknown[]): boolean;
  listenerCount(event: string): number;
}

describe('LegacySyncEventBridge', () => {
  it.each<[name: string, make: () => Emitter]>([
    ['node:events', () => new EventEmitter()],
    ['eventemitter3', () => new EventEmitter3()],
  ])('publishes what an emitter of %s tells, until it is closed', async (_name, make) => {
    const emitter = make();
    const bus = new RecordingBus();
    const bridge = new LegacySyncEventBridge(emitter, bus);
    emitter.emit('sync', { changeId: 'too early' });
    await bridge.bridgeLegacySync();
    await bridge.bridgeLegacySync();
    emitter.emit('sync', { changeId: 'c1', tasksCreated: 1 });
    emitter.emit('sync', undefined);
    emitter.emit('sync:error', Object.assign(new TypeError('broken'), { code: 'E_SYNC' }));
    emitter.emit('sync:error', 'just text');
    await bridge.close();
    emitter.emit('sync', { changeId: 'too late' });
    await bridge.flush();

    expect(emitter.listenerCount('sync') + emitter.listenerCount('sync:error')).toBe(0);
    expect(bus.events.map((event) => [event.type, event.aggregateId, event.data])).toEqual([
      ['legacy.sync.completed', 'c1', { result: { changeId: 'c1', tasksCreated: 1 } }],
      ['legacy.sync.completed', 'legacy-sync', { result: null }],
      ['legacy.sync.failed', 'legacy-sync', { error: { name: 'TypeError', message: 'broken', code: 'E_SYNC' } }],
      ['legacy.sync.failed', 'legacy-sync', { error: { name: 'Error', message: 'just text', code: null } }],
    ]);
    expect(bus.events[0]).toBeInstanceOf(LegacySyncCompletedEvent);
    expect(bus.events[2]).toBeInstanceOf(LegacySyncFailedEvent);
    await expect(bridge.bridgeLegacySync()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('publishes nothing after close, even from an emitter without off', async () => {
    const listeners = new Map<string, (...args: unknown[]) => void>();
    const bus = new RecordingBus();
    const bridge = new LegacySyncEventBridge({ on: (event, listener) => listeners.set(event, listener) }, bus);
    await bridge.bridgeLegacySync();
    await bridge.close();
    listeners.get('sync')?.({ changeId: 'late' });
    await bridge.flush();
    expect(bus.events).toEqual([]);
  });

  it('keeps the order and loses nothing, whatever the bus takes its time with', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(fc.boolean(), { maxLength: 10 }), async (scheduler, calls) => {
        const emitter = new EventEmitter();
        const bus = new RecordingBus();
        bus.before = scheduler.scheduleFunction(async function publish() {});
        const bridge = new LegacySyncEventBridge(emitter, bus);
        await bridge.bridgeLegacySync();
        for (const [index, ok] of calls.entries()) {
          if (ok) emitter.emit('sync', { changeId: `${index}` });
          else emitter.emit('sync:error', new Error(`${index}`));
        }
        await scheduler.waitFor(bridge.flush());
        const order = bus.events.map((event) =>
          event instanceof LegacySyncFailedEvent ? event.error.message : event.aggregateId,
        );
        expect(order).toEqual(calls.map((_ok, index) => `${index}`));
      }),
      runs(100),
    );
  });

  it('keeps the result as it was when it was emitted', async () => {
    const emitter = new EventEmitter();
    const bus = new RecordingBus();
    const bridge = new LegacySyncEventBridge(emitter, bus);
    await bridge.bridgeLegacySync();
    const result = { changeId: 'c1', tasks: ['a'] };
    emitter.emit('sync', result);
    result.tasks.push('later');
    await bridge.flush();
    expect(bus.events[0]?.data).toEqual({ result: { changeId: 'c1', tasks: ['a'] } });
  });

  it('takes the aggregate and the result from what the emitter gave', async () => {
    const { sync, emitter } = instrumentSync((_changeId: string, _path: string) => ({ at: new Date(0) }));
    const bus = new RecordingBus();
    const bridge = new LegacySyncEventBridge(emitter, bus, {
      aggregateId: (_result, args) => (args as string[])[0]!,
      result: (value) => ({ at: (value as { at: Date }).at.toISOString() }),
    });
    await bridge.bridgeLegacySync();
    sync('c7', '/path');
    await bridge.flush();
    expect(bus.events[0]).toMatchObject({ aggregateId: 'c7', result: { at: '1970-01-01T00:00:00.000Z' } });
  });

  it('tells of each failure, goes on with the next event, and never lets the emitter see one', async () => {
    const emitter = new EventEmitter();
    const bus = new RecordingBus();
    bus.before = async (event) => {
      if (event.aggregateId === 'bad') throw new Error('handler down');
    };
    const told: unknown[] = [];
    const bridge = new LegacySyncEventBridge(emitter, bus, { onError: (error) => told.push(error) });
    await bridge.bridgeLegacySync();
    for (const changeId of ['a', 'bad', 'b']) emitter.emit('sync', { changeId });
    emitter.emit('sync', { notJson: new Map() });
    const error = await bridge.flush().catch((reason: unknown) => reason);

    expect(bus.events.map((event) => event.aggregateId)).toEqual(['a', 'b']);
    expect(error).toBeInstanceOf(LegacyPublishError);
    const { failures, total } = error as LegacyPublishError;
    expect(total).toBe(2);
    expect(failures[0]?.event?.aggregateId).toBe('bad');
    expect(failures[0]?.cause).toEqual(new Error('handler down'));
    expect(failures[1]?.event).toBeNull();
    expect(failures[1]?.cause).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(told).toHaveLength(2);
    await bridge.flush();
  });

  it('keeps a hundred failures for the next flush and counts the others', async () => {
    const emitter = new EventEmitter();
    const bus = { publish: () => Promise.reject(new Error('down')) };
    const bridge = new LegacySyncEventBridge(emitter, bus, { onError: silent });
    await bridge.bridgeLegacySync();
    for (let call = 0; call < 150; call++) emitter.emit('sync', { changeId: `${call}` });
    const error = (await bridge.close().catch((reason: unknown) => reason)) as LegacyPublishError;
    expect([error.failures.length, error.total]).toEqual([100, 150]);
  });

  it('stops waiting when the signal aborts', async () => {
    const emitter = new EventEmitter();
    const bridge = new LegacySyncEventBridge(emitter, { publish: () => new Promise(() => {}) });
    await bridge.bridgeLegacySync();
    emitter.emit('sync', {});
    const reason = new Error('enough');
    await expect(bridge.flush({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
