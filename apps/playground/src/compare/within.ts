/** Waits for a run, up to a limit in milliseconds. @throws {Error} a timeout */
export async function within<Result>(limitMs: number, run: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timeout: the run took longer than ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([run, limit]);
  } finally {
    clearTimeout(timer);
  }
}
