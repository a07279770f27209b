/** Backends for Pulumi's state: a folder, and the real servers of PostgreSQL and S3's protocol. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { chown, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { installPackage } from "../../tools/debian.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const call = promisify(execFile);

/** A running backend. */
export interface Backend {
  /** What a command of Pulumi needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Everything that it stores and logs, as text. */
  contents(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts each backend, by name. */
export const BACKENDS: Readonly<Record<string, () => Promise<Backend>>> = { files, PostgreSQL: postgres, S3: s3 };

const temporaryFolder = () => mkdtemp(join(tmpdir(), "pulumi-ion-backend-"));
const remove = (folder: string) => rm(folder, { recursive: true, force: true });

async function files(): Promise<Backend> {
  const folder = await temporaryFolder();
  return {
    env: { PULUMI_BACKEND_URL: `file://${folder}` },
    contents: async () => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const all = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      return (await Promise.all(all.map((file) => readFile(file, "utf8")))).join("\n");
    },
    stop: () => remove(folder),
  };
}

async function postgres(): Promise<Backend> {
  const bin = await findPostgres();
  const folder = await temporaryFolder();
  const data = join(folder, "data");
  // PostgreSQL does not run as root. Debian's package creates this user.
  const user = process.getuid?.() === 0 ? await idsOf("postgres") : {};
  if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
  const options = { ...user, cwd: folder };
  const PGPASSWORD = "canary-of-the-database";
  await writeFile(join(folder, "password"), PGPASSWORD);
  const auth = ["--username", "test", "--auth", "scram-sha-256", "--pwfile", join(folder, "password")];
  await call(join(bin, "initdb"), ["--pgdata", data, "--no-sync", ...auth], options);
  // Only a socket in the folder, so that no port is needed.
  const settings = ["listen_addresses=", `unix_socket_directories=${folder}`, "fsync=off"];
  const server = spawn(join(bin, "postgres"), ["-D", data, ...settings.flatMap((setting) => ["-c", setting])], options);
  const log = await untilPrinted(server, /ready to accept connections/);
  const select = async (sql: string) => {
    const args = [
      "--no-psqlrc",
      "--tuples-only",
      "--no-align",
      "-h",
      folder,
      "-U",
      "test",
      "-d",
      "postgres",
      "-c",
      sql,
    ];
    return (await call(join(bin, "psql"), args, { env: { ...process.env, PGPASSWORD }, maxBuffer: 64 << 20 })).stdout;
  };
  return {
    // Pulumi prints the URL, so it has no password.
    env: {
      PULUMI_BACKEND_URL: `postgres:///postgres?host=${encodeURIComponent(folder)}&user=test&sslmode=disable`,
      PGPASSWORD,
    },
    contents: async () => {
      const names = await select(
        "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables " +
          "where schemaname not in ('pg_catalog', 'information_schema')",
      );
      const tables = names.trim().split("\n");
      const rows = await Promise.all(tables.map((table) => select(`select row_to_json(t) from ${table} t`)));
      // Pulumi stores each object in base64.
      const decoded = await select("select convert_from(decode(data->>'data', 'base64'), 'UTF8') from pulumi_state");
      return [...rows, decoded, log()].join("\n");
    },
    stop: async () => {
      await end(server);
      await remove(folder);
    },
  };
}

/** The folder of the newest PostgreSQL server. As root on Debian, installs it if there is none. */
async function findPostgres(): Promise<string> {
  const find = () => globSync("/usr/lib/postgresql/*/bin").sort(new Intl.Collator("en", { numeric: true }).compare);
  if (find().length === 0) await installPackage("postgresql");
  const newest = find().at(-1);
  if (newest !== undefined) return newest;
  throw new Error("This test needs PostgreSQL's server. Install it: `apt-get install postgresql`.");
}

async function idsOf(user: string): Promise<{ readonly uid?: number; readonly gid?: number }> {
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (flag) => Number((await call("id", [flag, user])).stdout)),
  );
  return { uid: uid as number, gid: gid as number };
}

async function s3(): Promise<Backend> {
  const folder = await temporaryFolder();
  const program = join(folder, "gofakes3");
  const build = [
    "build",
    "-C",
    join(ROOT, "tools/s3"),
    "-o",
    program,
    "github.com/johannesboyne/gofakes3/cmd/gofakes3",
  ];
  await call("go", build, { env: { ...process.env, GOWORK: "off" } }).catch((error: unknown) => {
    throw new Error("This test needs an S3 server, which Go builds from tools/s3.", { cause: error });
  });
  const server = spawn(program, ["-backend", "memory", "-initialbucket", "state", "-host", "127.0.0.1:0"]);
  const log = await untilPrinted(server, /using port: \d+/);
  const [, port] = /using port: (\d+)/.exec(log()) ?? [];
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}/state${path}`)).text();
  return {
    env: {
      PULUMI_BACKEND_URL: `s3://state?endpoint=127.0.0.1:${port}&s3ForcePathStyle=true&disableSSL=true`,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: "us-east-1",
    },
    contents: async () => {
      const keys = [...(await get("?list-type=2")).matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key = ""]) => key);
      return [...(await Promise.all(keys.map((key) => get(`/${key}`)))), log()].join("\n");
    },
    stop: async () => {
      await end(server);
      await remove(folder);
    },
  };
}

/** Waits for a line of a server. Returns its log so far, whenever it is called. */
async function untilPrinted(server: ChildProcess, pattern: RegExp): Promise<() => string> {
  const { promise, resolve: ready, reject } = Promise.withResolvers<void>();
  let log = "";
  const read = (text: string) => {
    log += text;
    if (pattern.test(log)) ready();
  };
  server.stdout?.setEncoding("utf8").on("data", read);
  server.stderr?.setEncoding("utf8").on("data", read);
  server.once("error", reject);
  server.once("exit", (code) => reject(new Error(`The server exited with ${code}:\n${log}`)));
  await promise;
  return () => log;
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const exit = once(server, "exit");
  // For PostgreSQL, "immediately"; its folder is removed next.
  server.kill("SIGQUIT");
  await exit;
}
