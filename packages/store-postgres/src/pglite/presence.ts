import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { closeSync, lstatSync, openSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join, relative } from "node:path";

/** Shows other processes that this one is alive. */
export interface Presence {
  readonly name: string;
  end(): Promise<void>;
}

// The longest address of a socket that every system accepts, in bytes.
const MAX_ADDRESS_BYTES = 100;

const NAME = /^waymark-[0-9a-f-]{36}\.sock$/;

/** Makes a unique name for a socket. */
export function newPresenceName(): string {
  return `waymark-${randomUUID()}.sock`;
}

/** Returns whether a text is a name of {@link newPresenceName}, without a path. */
export function isPresenceName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}

/** Listens on a socket with this name in a directory. It does not keep the process alive. */
export async function showPresence(directory: string, name: string): Promise<Presence> {
  const { address, done } = addressOf(directory, name);
  const server = createServer((socket) => socket.destroy());
  try {
    await once(server.listen(address), "listening");
  } finally {
    done();
  }
  server.unref();
  return {
    name,
    end: async () => {
      server.close();
      rmSync(join(directory, name), { force: true });
    },
  };
}

/** Returns whether the process that made a socket with this name is still alive, on this machine. */
export async function isPresent(directory: string, name: string): Promise<boolean> {
  if (!isSocket(join(directory, name))) return false;
  const { address, done } = addressOf(directory, name);
  const socket = connect(address);
  try {
    await once(socket, "connect");
    return true;
  } catch (error) {
    // Any other error, such as a full queue or another user's socket, means that a process listens.
    const { code } = error as NodeJS.ErrnoException;
    return code !== "ECONNREFUSED" && code !== "ENOENT";
  } finally {
    socket.destroy();
    done();
  }
}

/** Returns whether there is a socket and not a link to one elsewhere. On Windows it is a pipe, and no file. */
function isSocket(path: string): boolean {
  if (process.platform === "win32") return true;
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;
}

/** Returns an address that is short enough, however deep the directory is. `done` releases what that needed. */
function addressOf(directory: string, name: string): { address: string; done: () => void } {
  const nothing = () => {};
  if (process.platform === "win32") return { address: `\\\\.\\pipe\\${name}`, done: nothing };
  const path = join(directory, name);
  if (Buffer.byteLength(path) <= MAX_ADDRESS_BYTES) return { address: path, done: nothing };
  if (process.platform !== "linux") return { address: relative(process.cwd(), path), done: nothing };
  const descriptor = openSync(directory, "r");
  return { address: `/proc/self/fd/${descriptor}/${name}`, done: () => closeSync(descriptor) };
}
