import { mkdtempSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "./find-program.ts";
import { freePort } from "./free-port.ts";
import { register, type TestServer, unregister } from "./registry.ts";
import { SupervisedProcess } from "./supervised-process.ts";
import { giveAway, unprivilegedUser } from "./unprivileged-user.ts";

/** Starts PgBouncer in transaction mode in front of a server. Each transaction uses either of two connections. */
export async function startPgBouncer(serverUrl: string): Promise<TestServer> {
  const command = await findProgram("pgbouncer");
  const target = new URL(serverUrl);
  const user = unprivilegedUser();
  const folder = mkdtempSync(join(tmpdir(), "waymark-pgbouncer-"));
  const port = await freePort();
  const configFile = join(folder, "pgbouncer.ini");
  const connection = `host=${target.hostname} port=${target.port} user=${target.username} password=${target.password}`;
  writeFileSync(
    configFile,
    `[databases]
${target.pathname.slice(1)} = ${connection}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
`,
  );
  giveAway(folder, user);
  const server = new SupervisedProcess(folder, { command, args: [configFile], ...user });
  await server.start(() => accepts(port));
  const url = Object.assign(new URL(serverUrl), { port: String(port) }).href;
  const self: TestServer = register({
    name: "PgBouncer, transaction mode",
    url,
    stop: async () => {
      unregister(self);
      await server.dispose();
    },
  });
  return self;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const answer = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.on("connect", () => answer(true)).on("error", () => answer(false));
  });
}
