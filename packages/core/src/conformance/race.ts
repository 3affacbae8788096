import { type Outcome, outcome } from "./assert.ts";

/**
 * Holds whoever arrives until all have arrived.
 *
 * - So that racers start together without sleeping: each has its connection and its arguments ready.
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

/** Starts all calls together and waits for the end of each, whichever it is. Outcomes come in the order of the calls. */
export async function race<T>(calls: readonly (() => Promise<T>)[]): Promise<Outcome<T>[]> {
  const arrive = barrier(calls.length);
  return Promise.all(
    calls.map(async (call) => {
      await arrive();
      return outcome(call);
    }),
  );
}

/** So many calls made by number. */
export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const { setImmediate } = globalThis;

/** Lets everybody else have a turn: so that a reader in a loop does not keep a writer from going on. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Reads again and again, by several readers at once, until a write has ended or failed. */
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
