/**
 * What a database has done and holds, by its own count.
 *
 * @module
 */

export interface DatabaseLoad {
  /** Commands of Redis; transactions of PostgreSQL. */
  readonly commands: number;
  /** Bytes: Redis's memory; PostgreSQL's tables and indexes. */
  readonly bytes: number;
}

/** Since it was started, and now. */
export async function loadOf(url: string): Promise<DatabaseLoad> {
  if (url.startsWith('redis')) {
    const { Redis } = await import('ioredis');
    const client = new Redis(url);
    const text = await client.info();
    client.disconnect();
    const of = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1]);
    return { commands: of('total_commands_processed'), bytes: of('used_memory') };
  }
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const question = `select pg_database_size(current_database()) as bytes, xact_commit as commands
    from pg_stat_database where datname = current_database()`;
  const { rows } = await client.query<{ bytes: string; commands: string }>(question);
  await client.end();
  return { commands: Number(rows[0].commands), bytes: Number(rows[0].bytes) };
}
