import { chownSync } from "node:fs";

// The user `nobody` of Linux and macOS.
const NOBODY = process.platform === "darwin" ? 4_294_967_294 : 65_534;

/**
 * Returns the user for a server that refuses to run as root: `nobody` if this process is root, otherwise nothing, which
 * means the user of this process.
 */
export function unprivilegedUser(): { uid: number; gid: number } | undefined {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : undefined;
}

/** Makes that user the owner of a folder. */
export function giveAway(folder: string, user: { uid: number; gid: number } | undefined): void {
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
}
