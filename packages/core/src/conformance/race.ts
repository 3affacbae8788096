import { type Outcome, outcome } from "./assert.ts";

/**
 * Returns a function that resolves once all parties have called it.
 *
 * - It lets racing calls start together without a sleep: each has its connection and its arguments ready.
 */
function barrier(parties: number): () => Promise<void> {
  let waiting = parties;
  let open: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    waiting -= 1;
    if (waiting <= 0) open();
    return opened;
  };
}

/** Starts all calls together and waits until each has resolved or rejected. Outcomes are in the order of the calls. */
export async function race<T>(calls: readonly (() => Promise<T>)[]): Promise<Outcome<T>[]> {
  const arrive = barrier(calls.length);
  return Promise.all(
    calls.map(async (call) => {
      await arrive();
      return outcome(call);
    }),
  );
}

/** Makes a list of `count` values, each from its index. */
export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const { setImmediate } = globalThis;

/** Waits for a turn of the event loop, so that a reader in a loop does not block a writer. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Reads repeatedly, with several readers at once, until a write has ended or failed. */
export async function readWhile(write: () => Promise<void>, read: () => Promise<void>, readers = 2): Promise<void> {
  let isWriting = true;
  const reading = async () => {
    do {
      await nextTurn();
      await read();
    } while (isWriting);
  };
  const writing = write().finally(() => {
    isWriting = false;
  });
  await Promise.all([writing, ...times(readers, reading)]);
}
