import type { EventStore, JsonValue } from '@zyflow/migration';

const stream = 'evidence';

/** What was measured on the way, kept in the event store: a run that goes on after a kill still has it. */
export class Evidence {
  readonly #store: EventStore;
  readonly #values = new Map<string, JsonValue>();

  private constructor(store: EventStore) {
    this.#store = store;
  }

  static async load(store: EventStore): Promise<Evidence> {
    const evidence = new Evidence(store);
    for await (const { data } of store.read(stream)) {
      const { name, value } = data as { name: string; value: JsonValue };
      evidence.#values.set(name, value);
    }
    return evidence;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** What was recorded last under this name; undefined if nothing was. */
  get<T>(name: string): T | undefined {
    return this.#values.get(name) as T | undefined;
  }

  async record(name: string, value: unknown): Promise<void> {
    const plain = JSON.parse(JSON.stringify(value ?? null)) as JsonValue;
    await this.#store.append(stream, [{ type: 'measured', data: { name, value: plain } }]);
    this.#values.set(name, plain);
  }

  /** Adds to a list. */
  async add(name: string, values: readonly unknown[]): Promise<void> {
    if (values.length > 0) await this.record(name, [...(this.get<unknown[]>(name) ?? []), ...values]);
  }

  /** Measures what was not measured before the run was interrupted. */
  async once<T>(name: string, measure: () => Promise<T>): Promise<T> {
    if (!this.has(name)) await this.record(name, await measure());
    return this.get<T>(name)!;
  }
}
