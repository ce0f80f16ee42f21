import { describe, expect, it } from 'vitest';
import { checksum } from '../../src/core/checksum.ts';
import { InvalidArgumentError, StorageError } from '../../src/core/errors.ts';
import type { JsonValue } from '../../src/core/json-value.ts';
import { VersionCorruptedError } from '../../src/state/errors.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { freshIds, testStores } from './stores.ts';

describe.each(testStores('verify'))('checksums on $kind', ({ create, corrupt }) => {
  it('are stored with each version, equal for equal states, whatever the order of their keys', async () => {
    const store = create();
    const of = freshIds();
    const mvcc = new MVCCController<JsonValue>({ store });
    await mvcc.writeVersion(of('a'), { x: 1, y: [2] });
    const transaction = mvcc.begin();
    await transaction.write(of('b'), { y: [2], x: 1 });
    await transaction.commit();
    const stored = await Promise.all([store.read(of('a')), store.read(of('b'))]);
    expect(stored.map((version) => version?.checksum)).toEqual(Array(2).fill(checksum({ x: 1, y: [2] })));
    expect((await mvcc.readVersion(of('a'), 1, { verify: true }))?.checksum).toBe(checksum({ x: 1, y: [2] }));
  });

  it('are not stored where they are to be computed, and then prove nothing', async () => {
    const store = create();
    const of = freshIds();
    const mvcc = new MVCCController<JsonValue>({ store, checksums: 'computed' });
    const before = await mvcc.verify();
    await mvcc.writeVersion(of('a'), 1);
    await mvcc.delete(of('a'));
    expect((await store.read(of('a'), { version: 1 }))?.checksum).toBeUndefined();
    expect((await mvcc.readVersion(of('a'), 1, { verify: true }))?.checksum).toBe(checksum(1));
    const after = await mvcc.verify();
    expect([after.versions - before.versions, after.unchecked - before.unchecked]).toEqual([2, 2]);
    expect(() => new MVCCController({ checksums: 'sometimes' as never })).toThrow(InvalidArgumentError);
  });

  it.skipIf(!corrupt)('find what was changed behind the back of the library', async () => {
    const of = freshIds();
    const mvcc = new MVCCController<JsonValue>({ store: create() });
    for (let n = 0; n < 150; n++) await mvcc.writeVersion(of(`a${n}`), { n });
    expect((await mvcc.verify()).corrupted).toEqual([]);
    await corrupt!(of('a7'), 1, '{"n":8}');
    const report = await mvcc.verify();
    expect(report.corrupted).toEqual([new VersionCorruptedError({ aggregateId: of('a7'), version: 1 })]);
    expect(report.versions).toBeGreaterThanOrEqual(150);
    expect((await mvcc.readVersion(of('a7')))?.state).toEqual({ n: 8 });
    await expect(mvcc.readVersion(of('a7'), undefined, { verify: true })).rejects.toThrow(VersionCorruptedError);
    await expect(mvcc.readVersion(of('a7'), 1, { verify: true })).rejects.toMatchObject({
      aggregateId: of('a7'),
      version: 1,
    });
    await corrupt!(of('a7'), 1, '{"n":');
    const [{ aggregateId, cause }] = (await mvcc.verify()).corrupted as [VersionCorruptedError];
    expect([aggregateId, (cause as Error).name]).toEqual([of('a7'), 'StorageError']);
    await expect(mvcc.readVersion(of('a7'))).rejects.toThrow(StorageError);
    await corrupt!(of('a7'), 1, '{"n":7}');
    await expect(mvcc.verify({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});
