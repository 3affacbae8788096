import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** The megabytes of the heap that are in use, without garbage. */
export function heapMb(): number {
  collect();
  return process.memoryUsage().heapUsed / 1_000_000;
}
