import { chownSync } from "node:fs";

// `nobody`, as every Linux and macOS has it.
const NOBODY = process.platform === "darwin" ? 4_294_967_294 : 65_534;

/**
 * The user to run a server as that refuses root: `nobody` where this process is root, otherwise itself (nothing).
 */
export function unprivilegedUser(): { uid: number; gid: number } | undefined {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : undefined;
}

/** Gives a folder to that user. */
export function giveAway(folder: string, user: { uid: number; gid: number } | undefined): void {
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
}
