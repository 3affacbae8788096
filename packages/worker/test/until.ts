/** Waits until something is so. Fails after a while that only ends what hangs. */
export async function until(isSo: () => boolean | Promise<boolean>, timeoutMs = 100_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error("What the test waits for did not come.");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
