import {
  GradualTrafficSplitter,
  type RoutedRequest,
  type ShadowOutcome,
  TrafficRouter,
  type TrafficTarget,
} from '@zyflow/migration';
import type { LoadTarget } from '../load/load-generator.ts';
import { firstTitle } from '../load/title-revision.ts';
import type { ChangeRef, RuntimeFields, SeenChange, SeenTask, TaskSystem } from '../workspace/task-system.ts';

/** One request to ZyFlow's server, whichever of the two answers it. */
export type Request = { readonly key: string; readonly change: ChangeRef } & (
  | { readonly kind: 'read' }
  | { readonly kind: 'toggle'; readonly task: string }
  | { readonly kind: 'update'; readonly task: string; readonly fields: RuntimeFields }
);
type Answer = SeenChange | boolean | null;

export interface RoutedSystemOptions {
  readonly legacy: TaskSystem;
  readonly next: TaskSystem;
  readonly splitter: GradualTrafficSplitter<Request>;
  readonly onRouted: (routed: RoutedRequest<Request>) => void;
  readonly onShadow: (outcome: ShadowOutcome<Request, Answer>) => void;
  /** Sees to it that each change is with its owner, while nobody writes. */
  readonly move: (owners: ReadonlyMap<ChangeRef, TrafficTarget>, percent: number) => Promise<void>;
  readonly changes: readonly ChangeRef[];
}

/** Names this migration's share of the changes. */
export const trafficSalt = 'zyflow';

export const keyOf = ({ projectId, changeId }: ChangeRef) => `${projectId}/${changeId}`;

/**
 * What stands before the two systems during the cutover: sends each change's requests to the one that owns it.
 *
 * Ownership moves under a fence: writes wait while those under way come to their end and the changes that move are handed
 * over. Reads go on.
 */
export class RoutedSystem implements LoadTarget {
  readonly #options: RoutedSystemOptions;
  readonly #router: TrafficRouter<Request, Answer>;
  readonly #titles = new Map<string, string>();
  readonly #writes = new Set<Promise<unknown>>();
  #fence: Promise<void> | null = null;

  constructor(options: RoutedSystemOptions) {
    this.#options = options;
    const { splitter, onRouted, onShadow } = options;
    this.#router = new TrafficRouter(
      { handle: (request) => this.#handle(options.legacy, request) },
      { handle: (request) => this.#handle(options.next, request) },
      splitter,
      {
        onRouted,
        shadow: {
          applies: ({ kind }) => kind === 'read' && this.#isShared,
          samplePercentage: 10,
          timeoutMs: 3000,
          equal: (_primary, _shadow, request) => this.#showTheSame(request.change),
          onOutcome: onShadow,
        },
      },
    );
  }

  async change(change: ChangeRef): Promise<SeenChange> {
    const seen = (await this.#router.routeRequest({ key: keyOf(change), kind: 'read', change })) as SeenChange;
    for (const { id, title } of seen.tasks) this.#titles.set(id, firstTitle(title));
    return seen;
  }

  toggle(change: ChangeRef, task: string): Promise<boolean> {
    return this.#write({ key: keyOf(change), kind: 'toggle', change, task }) as Promise<boolean>;
  }

  async update(change: ChangeRef, task: string, fields: RuntimeFields): Promise<void> {
    await this.#write({ key: keyOf(change), kind: 'update', change, task, fields });
  }

  /** Moves the share of the changes that the new system owns; what moves is handed over first. */
  async setNewSystemTraffic(percent: number): Promise<void> {
    const { splitter, changes, move } = this.#options;
    let open = () => {};
    this.#fence = new Promise((resolve) => (open = resolve));
    try {
      await Promise.allSettled(this.#writes);
      await this.#router.flush(); // a comparison lets the legacy system sync
      const then = new GradualTrafficSplitter<Request>({ salt: trafficSalt, initialPercentage: percent });
      await move(new Map(changes.map((change) => [change, then.targetOf(keyOf(change))])), percent);
      splitter.setNewSystemTraffic(percent);
    } finally {
      this.#fence = null;
      open();
    }
  }

  /** Whether each system answers for some of the changes. */
  get #isShared(): boolean {
    const percent = this.#options.splitter.newSystemTrafficPercentage;
    return percent > 0 && percent < 100;
  }

  /** Waits for the comparisons under way. */
  async flush(): Promise<void> {
    await this.#router.flush();
  }

  async close(): Promise<void> {
    await this.#router.close();
  }

  async #write(request: Request): Promise<Answer> {
    while (this.#fence) await this.#fence;
    const write = this.#router.routeRequest(request);
    this.#writes.add(write);
    try {
      return await write;
    } finally {
      this.#writes.delete(write);
    }
  }

  async #handle(system: TaskSystem, request: Request): Promise<Answer> {
    if (request.kind === 'read') return system.change(request.change);
    const { id } = this.#find((await system.change(request.change)).tasks, request.task);
    if (request.kind === 'toggle') return system.toggle(request.change, id);
    await system.update(request.change, id, request.fields);
    return null;
  }

  /** The systems name tasks differently; a name that one of them gave is known to the other by the title it stood for. */
  #find(tasks: readonly SeenTask[], task: string): SeenTask {
    const title = this.#titles.get(task);
    const found = tasks.find(({ id }) => id === task) ?? tasks.find((each) => firstTitle(each.title) === title);
    if (!found) throw new Error(`there is no task ${task}${title === undefined ? '' : ` ("${title}")`}`);
    return found;
  }

  /**
   * Whether the systems agree on the ticks of the tasks that both show, once both have seen the same file. Titles that
   * stand there twice are left out: the legacy system takes them for one task.
   */
  async #showTheSame(change: ChangeRef): Promise<boolean> {
    const { legacy, next } = this.#options;
    for (let look = 1; ; look++) {
      await Promise.all([legacy.sync(change), next.sync(change)]);
      const [old, now] = await Promise.all([legacy.change(change), next.change(change)]);
      const counts = new Map<string, number>();
      for (const { title } of now.tasks) counts.set(title, (counts.get(title) ?? 0) + 1);
      const done = new Map(old.tasks.map((task) => [task.title, task.status === 'done']));
      const differs = now.tasks.some(
        ({ title, status }) =>
          counts.get(title) === 1 &&
          status !== 'archived' &&
          done.has(title) &&
          done.get(title) !== (status === 'done'),
      );
      if (!differs) return true;
      if (look === 8) return false; // a file that was saved between the looks is not why
    }
  }
}
