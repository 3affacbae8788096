/** A part of this package that could not be loaded, such as when its files were replaced while the process runs. */
export class NotLoaded extends Error {}

/** Waits for a part of this package. @throws {NotLoaded} with the cause */
export async function loaded<T>(part: Promise<T>): Promise<T> {
  try {
    return await part;
  } catch (cause) {
    throw new NotLoaded("A part of @waymark/core could not be loaded.", { cause });
  }
}
