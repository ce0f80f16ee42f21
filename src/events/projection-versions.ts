import { InvalidArgumentError } from '../core/errors.ts';
import { CheckpointState } from './checkpoint-state.ts';
import { ProjectionLiveError } from './errors.ts';
import type { EventAdapter } from './event-adapter.ts';
import { liveVersionName, type ProjectionPlan } from './projection.ts';

/** Which version of a projection is to be read; nothing if there never was one. */
export async function liveVersion(adapter: EventAdapter, name: string): Promise<number | undefined> {
  const live = await adapter.loadCheckpoint(liveVersionName(name));
  return live && new CheckpointState(live).number('version');
}

/** Makes a version the one to be read, in one step. @throws {@link InvalidArgumentError} if it was never run. */
export async function makeLive(adapter: EventAdapter, plan: ProjectionPlan): Promise<void> {
  const { name, version, checkpoint } = plan;
  const built = await adapter.loadCheckpoint(checkpoint);
  if (!built) throw new InvalidArgumentError('projection.version', `a version of "${name}" that was built`, version);
  await adapter.saveCheckpoint(liveVersionName(name), { position: built.position, state: liveState(version) });
}

/** Makes a version the one to be read if there is none yet. */
export async function makeFirstLive(adapter: EventAdapter, { name, version }: ProjectionPlan): Promise<void> {
  if (await adapter.loadCheckpoint(liveVersionName(name))) return;
  const live = { position: 0, state: liveState(version) };
  await adapter.saveCheckpoint(liveVersionName(name), live, { expectedRevision: 0 });
}

/** Removes the target and the checkpoint of a version. @throws {@link ProjectionLiveError} if it is the live one. */
export async function dropVersion(adapter: EventAdapter, plan: ProjectionPlan): Promise<void> {
  const { name, version, checkpoint, projection, target } = plan;
  if ((await liveVersion(adapter, name)) === version) throw new ProjectionLiveError({ projection: name, version });
  const within = (client: unknown) => projection.drop?.(client, target);
  await adapter.saveCheckpoint(checkpoint, { position: 0, state: '{}' }, { within });
  await adapter.deleteCheckpoint(checkpoint);
}

function liveState(version: number): string {
  return JSON.stringify({ version });
}
