import type { ManualClock } from "../../src/testing/index.ts";
import { settle } from "./turns.ts";

/** Returns a function that moves a clock from timer to timer until something has settled. */
export function toEndOn(clock: ManualClock) {
  return async <T>(work: Promise<T>): Promise<T> => {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    work.then(end, end);
    for (let idle = 0; ; ) {
      await settle();
      if (isOver) return work;
      const { nextMs } = clock;
      if (nextMs !== undefined) clock.advance(nextMs);
      else if (++idle > 200) throw new Error("It waits for something that never comes.");
    }
  };
}
