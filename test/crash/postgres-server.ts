import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** A PostgreSQL server of its own, durable as by default, that may be killed. */
export class PostgresServer {
  readonly port: number;
  readonly url: string;
  /** Settings other than its defaults, from the next start on. */
  settings: Readonly<Record<string, string>> = {};
  readonly #programs: string;
  readonly #folder: string;
  readonly #user: { uid?: number; gid?: number };
  #process: ChildProcess | undefined;

  private constructor(programs: string, folder: string, port: number, user: { uid?: number; gid?: number }) {
    this.#programs = programs;
    this.#folder = folder;
    this.#user = user;
    this.port = port;
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  }

  /** Makes a cluster in a temporary folder and starts it. */
  static create(): Promise<PostgresServer> {
    return PostgresServer.#make('initdb', ['-U', 'postgres', '-A', 'trust', '--no-sync']);
  }

  /** Makes a copy of a server that runs, and starts it: it follows that one, and takes no writes until it is promoted. */
  static standbyOf(primary: PostgresServer): Promise<PostgresServer> {
    const from = ['-h', '127.0.0.1', '-p', `${primary.port}`, '-U', 'postgres'];
    return PostgresServer.#make('pg_basebackup', [...from, '--write-recovery-conf', '--checkpoint=fast', '--no-sync']);
  }

  static async #make(program: string, options: readonly string[]): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
    // PostgreSQL refuses to run as root.
    const id = (option: string) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
    const user = process.getuid?.() === 0 ? { uid: id('-u'), gid: id('-g') } : {};
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
    const programs = programsFolder();
    const all = ['-D', join(folder, 'data'), ...options];
    execFileSync(join(programs, program), all, { ...user, cwd: folder, stdio: 'pipe' });
    const server = new PostgresServer(programs, folder, await freePort(), user);
    await server.start();
    return server;
  }

  /** Starts it, and waits until it answers. */
  async start(): Promise<void> {
    const data = join(this.#folder, 'data');
    const options = ['-D', data, '-p', `${this.port}`, '-k', this.#folder, '-c', 'listen_addresses=127.0.0.1'];
    for (const [name, value] of Object.entries(this.settings)) options.push('-c', `${name}=${value}`);
    for (let answers = false; !answers; ) {
      if (!this.#runs) {
        rmSync(join(data, 'postmaster.pid'), { force: true });
        this.#process = spawn(join(this.#programs, 'postgres'), options, {
          ...this.#user,
          cwd: this.#folder,
          stdio: 'ignore',
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
      answers = await this.#answers();
    }
  }

  /** kill -9 of the server: whatever was not on the disk is gone. */
  async kill(): Promise<void> {
    if (!this.#runs) return;
    const gone = new Promise((resolve) => this.#process?.once('exit', resolve));
    this.#process?.kill('SIGKILL');
    await gone;
  }

  async close(): Promise<void> {
    await this.kill();
    // Its children notice that they are alone, and end.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }

  get #runs(): boolean {
    return this.#process?.exitCode === null && this.#process.signalCode === null;
  }

  async #answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 1000 });
    try {
      await client.connect();
      await client.query('select 1');
      await client.end();
      return true;
    } catch {
      // Not there yet.
      return false;
    }
  }
}

/** Whether the server's programs are here. */
export function hasPostgresPrograms(): boolean {
  try {
    return existsSync(join(programsFolder(), 'initdb'));
  } catch {
    // No folder that is known, and no pg_config to ask.
    return false;
  }
}

/** Where the server's programs are, as `pg_config` says or where Debian puts them. */
function programsFolder(): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const known = versions.map((version) => join(debian, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
  return known ?? execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim();
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
