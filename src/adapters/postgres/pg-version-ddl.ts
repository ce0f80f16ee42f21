import type { DdlStep } from './pg-ddl.ts';
import { commitFunctions } from './pg-version-commit-ddl.ts';
import { searchFunctions } from './pg-version-search-ddl.ts';

/**
 * The layout of the versions, step by step. The first is of the time before layouts had versions, and may be there
 * already.
 *
 * Commits go one after the other: each locks the one row of `state_commits` until it is visible. So whoever reads
 * sequence s there sees every commit up to s, and what a commit has checked nobody changes before it is done. See
 * docs/decisions/0025-one-commit-at-a-time.md.
 *
 * @param schema - A quoted identifier.
 */
export function versionDdl(schema: string): readonly DdlStep[] {
  return [
    { version: 1, statements: firstTables(schema) },
    { version: 2, statements: [...laterTables(schema), ...commitFunctions(schema)] },
    { version: 3, statements: searchFunctions(schema) },
  ];
}

function firstTables(schema: string): string[] {
  return [
    `create table if not exists ${schema}.state_versions (
      aggregate_id text collate "C" not null,
      version bigint not null,
      sequence bigint not null,
      timestamp bigint not null,
      state text not null,
      primary key (aggregate_id, version)
    )`,

    // Updated by every commit: room on its page lets PostgreSQL clear old copies away without a vacuum.
    `create table if not exists ${schema}.state_commits (
      only_row boolean primary key check (only_row),
      sequence bigint not null,
      identity text not null
    ) with (fillfactor = 10)`,

    `insert into ${schema}.state_commits values (true, 0, gen_random_uuid()) on conflict do nothing`,
  ];
}

function laterTables(schema: string): string[] {
  return [
    `drop function if exists ${schema}.commit_versions_v1(text[], text[], text[], bigint[], bigint, bigint, bigint)`,
    `drop function if exists ${schema}.remove_versions_v1(text[], bigint, bigint)`,

    // How the state is kept: 'full', 'delta' against the next version, or 'deleted'.
    `alter table ${schema}.state_versions
      add column form text collate "C" not null default 'full', add column checksum text`,
    `create index state_versions_sequence on ${schema}.state_versions (sequence, aggregate_id)`,

    `alter table ${schema}.state_commits add column timestamp bigint not null default 0`,
    `update ${schema}.state_commits
      set timestamp = coalesce((select max(timestamp) from ${schema}.state_versions), 0)`,

    `create table ${schema}.state_prepared (
      id text collate "C" primary key,
      position bigint generated always as identity,
      timestamp bigint not null,
      ids text[] not null,
      states text[] not null,
      checksums text[] not null,
      retention bigint[]
    )`,

    // What is prepared forbids others to write: 'write' and 'check' of an id, 'prefix' of all that begin so.
    `create table ${schema}.state_locks (
      name text collate "C" not null,
      kind text collate "C" not null,
      prepared_by text collate "C" not null,
      primary key (name, kind, prepared_by)
    )`,
  ];
}
