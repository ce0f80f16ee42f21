// What a server is not needed for: lost connections and odd answers. The rest is in the conformance suite.
import { describe, expect, it } from 'vitest';
import { RedisEventTransport } from '../../src/adapters/redis/redis-event-transport.ts';
import { InvalidArgumentError, StorageError } from '../../src/core/errors.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A client that answers as it is told, and then no more. */
class Scripted {
  readonly commands: string[][] = [];
  readonly #answers: unknown[];

  /** @param answers - What it gives; errors are thrown. */
  constructor(...answers: unknown[]) {
    this.#answers = answers;
  }

  async sendCommand(args: string[]): Promise<unknown> {
    this.commands.push(args);
    if (this.#answers.length === 0) return new Promise(() => {});
    const answer = this.#answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  }

  /** From which entry each read went on. */
  get reads(): (string | undefined)[] {
    return this.commands.filter(([name]) => name === 'XREAD').map((args) => args.at(-1));
  }
}

const entry = (id: string, text: string) => [id, ['text', text]];
const answer = (...entries: unknown[]) => [['zyflow:events', entries]];

async function hearing(reader: Scripted) {
  const clock = new FakeClock();
  const retries: [string, number][] = [];
  const transport = new RedisEventTransport(new Scripted(), {
    reader,
    clock,
    random: () => 1,
    onRetry: (error, attempt) => retries.push([(error as Error).message, attempt]),
  });
  const texts: string[] = [];
  const errors: unknown[] = [];
  const end = await transport.listen({ hear: (text) => void texts.push(text), onError: (error) => errors.push(error) });
  return { clock, retries, texts, errors, end };
}

describe('RedisEventTransport', () => {
  it('goes on after a lost connection where it was, with growing delays', async () => {
    const [closed, reset] = [new Error('Connection is closed.'), new Error('read ECONNRESET')];
    const reader = new Scripted(
      [entry('5-0', 'before')],
      answer(entry('6-0', '6'), entry('6-1', '7')),
      closed,
      reset,
      null,
      closed,
      answer(entry('9-0', '9')),
    );
    const { clock, retries, texts, errors, end } = await hearing(reader);
    await tick();
    expect(reader.reads).toEqual(['5-0', '6-1']);
    await clock.advance(50);
    expect(reader.reads).toHaveLength(3);
    await clock.advance(99);
    expect(reader.reads).toHaveLength(3);
    await clock.advance(51);
    expect(reader.reads).toEqual(['5-0', '6-1', '6-1', '6-1', '6-1', '6-1', '9-0']);
    expect(texts).toEqual(['6', '7', '9']);
    expect(retries).toEqual([
      ['Connection is closed.', 1],
      ['read ECONNRESET', 2],
      ['Connection is closed.', 1],
    ]);
    expect(errors).toEqual([]);
    await end();
  });

  it.each([
    ['what Redis refuses', new Error('NOPERM this user has no permissions')],
    ['an answer that it does not understand', 'OK'],
    ['entries that are none', answer('6-0')],
  ])('tells of %s, and tries again', async (_, odd) => {
    const reader = new Scripted([], odd, answer(entry('1-0', '1')));
    const { clock, texts, errors, end } = await hearing(reader);
    await clock.advance(50);
    expect(errors).toEqual([expect.any(StorageError)]);
    expect(texts).toEqual(['1']);
    expect(reader.reads).toEqual(['0-0', '0-0', '1-0']);
    await end();
  });

  it('does not tell of what passes by itself', async () => {
    const reader = new Scripted(
      [],
      new Error('LOADING Redis is loading the dataset in memory'),
      answer(entry('1-0', '1')),
    );
    const { clock, texts, errors, retries, end } = await hearing(reader);
    await clock.advance(50);
    expect([texts, errors, retries.length]).toEqual([['1'], [], 1]);
    await end();
  });

  it('tells of entries that are not its own, and goes on', async () => {
    const foreign = [
      ['2-0', ['other', 'x']],
      ['3-0', ['text', 'x', 'other', 'y']],
      ['4-0', []],
    ];
    const reader = new Scripted([], answer(entry('1-0', '1'), ...foreign, entry('5-0', '5')));
    const { texts, errors, end } = await hearing(reader);
    await tick();
    expect(texts).toEqual(['1', '5']);
    expect(errors).toEqual([expect.any(StorageError), expect.any(StorageError), expect.any(StorageError)]);
    await end();
  });

  it('ends while it waits to try again, without a timer left', async () => {
    const { clock, end } = await hearing(new Scripted([], new Error('Connection is closed.')));
    await tick();
    expect(clock.pending).toBe(1);
    await end();
    await tick();
    expect(clock.pending).toBe(0);
  });

  it('says why it can not listen or send', async () => {
    await expect(hearing(new Scripted(new Error('WRONGTYPE')))).rejects.toThrow(StorageError);
    const listener = { hear() {}, onError() {} };
    await expect(new RedisEventTransport(new Scripted()).listen(listener)).rejects.toThrow(InvalidArgumentError);
    await expect(new RedisEventTransport(new Scripted(new Error('lost'))).send('x')).rejects.toThrow(StorageError);
    expect(() => new RedisEventTransport(new Scripted(), { blockMs: 0 })).toThrow(InvalidArgumentError);
    expect(() => new RedisEventTransport(new Scripted(), { maxLength: 0 })).toThrow(InvalidArgumentError);
  });

  it('lets the stream keep about as much as it may', async () => {
    const client = new Scripted('1-0');
    await new RedisEventTransport(client, { stream: 's', maxLength: 7 }).send('x');
    expect(client.commands).toEqual([['XADD', 's', 'MAXLEN', '~', '7', '*', 'text', 'x']]);
  });
});
