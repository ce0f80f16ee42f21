import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { type Contender, data, times, type } from '../events/contender.ts';
import { peerTexts, versioned } from './peer.ts';

const packageName = '@eventide/message-db';
/** As its install.sh runs them, but for the role and its privileges. */
const scripts = [
  'schema/message-store',
  'extensions/pgcrypto',
  'tables/messages',
  'types/message',
  'functions/message-store-version',
  'functions/hash-64',
  'functions/acquire-lock',
  'functions/category',
  'functions/is-category',
  'functions/id',
  'functions/cardinal-id',
  'functions/stream-version',
  'functions/write-message',
  'functions/get-stream-messages',
  'indexes/messages-id',
  'indexes/messages-stream',
  'indexes/messages-category',
];
const write = {
  name: 'write_message',
  text: 'select message_store.write_message($1, $2, $3, $4::jsonb, null, $5)',
};

/** Streams of categories of their own: it takes a lock on the category. */
export async function messageDb(connectionString: string): Promise<Contender | undefined> {
  const sql = await peerTexts(
    packageName,
    scripts.map((script) => `database/${script}.sql`),
  );
  if (!sql) return undefined;
  const pool = new pg.Pool({ connectionString, max: 32, options: '-c search_path=message_store,public' });
  for (const text of sql) await pool.query(text);
  const messages = (stream: string, version: number, count: number) =>
    times(count, (n) => ({ ...write, values: [randomUUID(), stream, type, JSON.stringify(data), version - 1 + n] }));
  return {
    name: versioned('message-db', packageName),
    append: async (stream, version, count) => {
      const queries = messages(stream, version, count);
      if (count === 1) return pool.query(queries[0]!);
      const client = await pool.connect();
      try {
        await client.query('begin');
        for (const query of queries) await client.query(query);
        return await client.query('commit');
      } finally {
        client.release();
      }
    },
    fold: async (stream) => {
      const { rows } = await pool.query<{ data: string }>(
        'select * from message_store.get_stream_messages($1, 0, 1000000)',
        [stream],
      );
      return rows.reduce((count, row) => (JSON.parse(row.data) ? count + 1 : count), 0);
    },
    close: () => pool.end(),
  };
}
