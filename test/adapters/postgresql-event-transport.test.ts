// What a server is not needed for: lost connections, what is sent together, what is refused. The rest is in the suite.
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  PostgreSQLEventTransport,
  type PostgreSQLEventTransportOptions,
} from '../../src/adapters/postgres/postgresql-event-transport.ts';
import { InvalidArgumentError, StorageError } from '../../src/core/errors.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A pg.Client as far as hearing goes. */
class Connection extends EventEmitter {
  readonly statements: string[] = [];
  ended = false;
  refuses: Error | undefined;
  /** Whether it is lost while the server is asked. */
  dies = false;

  async query(text: string): Promise<unknown> {
    if (this.dies) this.lose();
    if (this.refuses) throw this.refuses;
    this.statements.push(text);
    return {};
  }

  async end(): Promise<void> {
    this.ended = true;
    this.emit('end');
  }

  get attached(): number {
    return this.eventNames().reduce((sum, name) => sum + this.listenerCount(name), 0);
  }

  /** As pg.Client tells it: the server's word, the broken socket, the end. */
  lose(): void {
    this.emit('error', new Error('terminating connection due to administrator command'));
    this.emit('error', new Error('Connection terminated unexpectedly'));
    this.emit('end');
  }
}

/** A database that takes what is sent, and brings it to whoever hears when told to. */
class Database {
  readonly sent: string[][] = [];
  answers: (() => Promise<void>)[] = [];

  async query(_: string, values: unknown[] = []) {
    const payloads = values[1] as string[];
    this.sent.push(payloads);
    await this.answers.shift()?.();
    return { rows: [] };
  }

  notify(connection: Connection, channel = 'zyflow_events'): void {
    for (const payload of this.sent.flat()) connection.emit('notification', { channel, payload });
  }
}

function setUp(options: PostgreSQLEventTransportOptions = {}) {
  const db = new Database();
  const clock = new FakeClock();
  const transport = new PostgreSQLEventTransport(db, { clock, random: () => 1, ...options });
  const texts: string[] = [];
  const errors: unknown[] = [];
  const listener = {
    hear: (text: string) => void texts.push(text),
    onError: (error: unknown) => void errors.push(error),
  };
  return { db, clock, transport, texts, errors, listener };
}

describe('PostgreSQLEventTransport', () => {
  it('leaves a connection of the caller as it was', async () => {
    const connection = new Connection();
    const { db, transport, listener, texts } = setUp({ listener: connection });
    const end = await transport.listen(listener);
    const endOther = await transport.listen(listener);
    await transport.send('text');
    db.notify(connection, 'another');
    expect(texts).toEqual([]);
    db.notify(connection);
    expect(texts).toEqual(['text', 'text']);
    await end();
    expect(connection.statements).toEqual(['listen "zyflow_events"']);
    await endOther();
    expect(connection.statements).toEqual(['listen "zyflow_events"', 'unlisten "zyflow_events"']);
    expect([connection.attached, connection.ended]).toEqual([0, false]);
  });

  it('says that a connection of the caller was lost, once', async () => {
    const connection = new Connection();
    const { transport, listener, errors } = setUp({ listener: connection });
    const end = await transport.listen(listener);
    connection.lose();
    expect(errors).toEqual([expect.any(StorageError)]);
    expect(errors).toMatchObject([{ cause: { message: expect.stringContaining('administrator') } }]);
    expect(connection.attached).toBe(0);
    connection.refuses = new Error('not queryable');
    await end();
  });

  it('says why it can not listen, leaves nothing behind, and may be asked again', async () => {
    const connection = new Connection();
    connection.refuses = new Error('refused');
    const { transport, listener } = setUp({ listener: connection });
    await expect(transport.listen(listener)).rejects.toThrow(StorageError);
    expect(connection.attached).toBe(0);
    connection.refuses = undefined;
    await (await transport.listen(listener))();
  });

  it('connects anew with growing delays, tells of each failure, and forgets parts of before', async () => {
    const connections: Connection[] = [];
    const failures: (Error | undefined)[] = [];
    const { db, clock, transport, listener, errors, texts } = setUp({
      listener: async () => {
        const failure = failures.shift();
        if (failure) throw failure;
        connections.push(new Connection());
        return connections.at(-1)!;
      },
    });
    const end = await transport.listen(listener);
    await transport.send('x'.repeat(20_000));
    const [first, ...rest] = db.sent.flat();
    connections[0]!.emit('notification', { channel: 'zyflow_events', payload: first });
    failures.push(new Error('down'), new Error('still down'));
    connections[0]!.lose();
    expect(errors).toMatchObject([{ message: expect.stringContaining('missed') }]);
    await clock.advance(49);
    expect(errors).toHaveLength(1);
    await clock.advance(1);
    expect(errors).toHaveLength(2);
    await clock.advance(100);
    expect(errors).toHaveLength(3);
    expect(connections).toHaveLength(1);
    await clock.advance(200);
    expect(connections).toHaveLength(2);
    for (const payload of rest) connections[1]!.emit('notification', { channel: 'zyflow_events', payload });
    expect(texts).toEqual([]);
    expect(errors).toMatchObject([{}, {}, {}, { message: expect.stringContaining('were missed') }]);
    await transport.send('after');
    connections[1]!.emit('notification', { channel: 'zyflow_events', payload: db.sent.at(-1)![0] });
    expect(texts).toEqual(['after']);
    await end();
    expect(connections.map(({ ended }) => ended)).toEqual([false, true]);
    expect(errors).toHaveLength(4);
    expect(clock.pending).toBe(0);
  });

  it('ends while it connects anew, and ends what it has connected meanwhile', async () => {
    const connections: Connection[] = [];
    let connected = Promise.resolve();
    const { clock, transport, listener, errors } = setUp({
      listener: async () => {
        await connected;
        connections.push(new Connection());
        return connections.at(-1)!;
      },
    });
    const end = await transport.listen(listener);
    connections[0]!.lose();
    await end();
    expect([connections.length, clock.pending]).toEqual([1, 0]);

    const endAgain = await transport.listen(listener);
    let go = () => {};
    connected = new Promise((resolve) => {
      go = resolve;
    });
    connections[1]!.lose();
    await clock.advance(50);
    const ended = endAgain();
    go();
    await ended;
    expect(connections.map((each) => each.ended)).toEqual([false, false, true]);
    expect(errors).toHaveLength(2);
  });

  it('ends a connection that it opened but that does not listen', async () => {
    const connection = new Connection();
    connection.refuses = new Error('refused');
    const { transport, listener } = setUp({ listener: async () => connection });
    await expect(transport.listen(listener)).rejects.toThrow(/refused/);
    expect(connection.ended).toBe(true);
    const failing = setUp({ listener: () => Promise.reject(new Error('down')) });
    await expect(failing.transport.listen(listener)).rejects.toThrow(StorageError);
  });

  it('does not connect anew where it never began to listen', async () => {
    const connection = new Connection();
    connection.dies = true;
    connection.refuses = new Error('Connection terminated unexpectedly');
    const { clock, transport, listener, errors } = setUp({ listener: async () => connection });
    await expect(transport.listen(listener)).rejects.toThrow(/terminated/);
    expect([errors, clock.pending]).toEqual([[], 0]);
  });

  it('sends what comes while it sends together, and refuses it together', async () => {
    const { db, transport } = setUp();
    let go = () => {};
    db.answers.push(
      () =>
        new Promise((resolve) => {
          go = resolve;
        }),
      () => Promise.reject(new Error('connection lost')),
    );
    const outcomes = Promise.allSettled(['1', '2', 'x'.repeat(9000)].map((text) => transport.send(text)));
    await tick();
    expect(db.sent).toHaveLength(1);
    go();
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(db.sent.map(({ length }) => length)).toEqual([1, 3]);
    await transport.send('3');
    const many = Array.from({ length: 2500 }, (_, index) => transport.send(`${index}`));
    await Promise.all(many);
    expect(db.sent.slice(3).map(({ length }) => length)).toEqual([1, 1000, 1000, 499]);
  });

  it('refuses what it can not do', async () => {
    const { db, transport, listener } = setUp({ maxTextBytes: 10 });
    await transport.send('가나다1');
    await expect(transport.send('가나다12')).rejects.toThrow(InvalidArgumentError);
    expect(db.sent).toHaveLength(1);
    await expect(transport.listen(listener)).rejects.toThrow(/options\.listener/);
    for (const channel of ['', 'a"b', '1a', 'a'.repeat(49)]) {
      expect(() => new PostgreSQLEventTransport(db, { channel })).toThrow(InvalidArgumentError);
    }
    expect(() => new PostgreSQLEventTransport(db, { maxTextBytes: 0 })).toThrow(InvalidArgumentError);
    expect(() => new PostgreSQLEventTransport(db, { maxPartAgeMs: 0.5 })).toThrow(InvalidArgumentError);
  });
});
