// A worker of worker.ts, or a process that takes jobs and does nothing for them:
//   node worker-process.ts '<Place as JSON>' <concurrency> worker|bare
import { createWorker } from "@waymark/worker";
import { openEngine, openQueue, type Place } from "./worker-parts.ts";

const [placeJson = "", concurrencyText, kind] = process.argv.slice(2);
const place = JSON.parse(placeJson) as Place;
const concurrency = Number(concurrencyText);
const dispatcher = openQueue(place);
if (kind === "bare") {
  void dispatcher?.work(async () => ({}), { concurrency, signal: new AbortController().signal });
} else {
  const { engine } = await openEngine(place, dispatcher);
  createWorker({ engine, concurrency });
}
process.stdout.write("ready\n");
