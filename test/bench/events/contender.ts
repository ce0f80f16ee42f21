/** What an event store is asked to do here. */
export interface Contender {
  /** With the version where it matters. */
  readonly name: string;
  /** Appends `count` events to a stream of which the writer knows that it is at `version`. */
  append(stream: string, version: number, count: number): Promise<unknown>;
  /** Reads all events of a stream and folds them into their number. */
  fold?(stream: string): Promise<number>;
  close?(): Promise<void>;
}

/** Some 300 bytes as JSON. */
export const data = { title: 'Write the parser', done: false, tags: ['parser', 'core'], note: 'n'.repeat(220) };
export const type = 'task.created';

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));
