import { describe } from 'vitest';

export const postgresUrl = process.env.POSTGRES_URL;
/** The server itself, where `postgresUrl` leads through a pooler: for what needs a session, such as LISTEN. */
export const postgresDirectUrl = process.env.POSTGRES_DIRECT_URL ?? postgresUrl;
export const redisUrl = process.env.REDIS_URL;

/** A suite that runs where the server is there; `global-setup.ts` says when it is not. */
export const describeWithPostgres = describe.runIf(postgresUrl);
export const describeWithRedis = describe.runIf(redisUrl);

/** A name that no other test file, process or run uses: for schemas, key prefixes, streams. */
export const uniqueName = (what: string) =>
  `${what}_${process.pid.toString(36)}_${Math.random().toString(36).slice(2, 10)}`;
