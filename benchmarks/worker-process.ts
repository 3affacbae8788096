// A worker of worker.ts:  node worker-process.ts '<Place as JSON>' <concurrency>
import { createWorker } from "@waymark/worker";
import { openEngine, openQueue, type Place } from "./worker-parts.ts";

const place = JSON.parse(process.argv[2] ?? "") as Place;
const { engine } = await openEngine(place, openQueue(place));
createWorker({ engine, concurrency: Number(process.argv[3]) });
process.stdout.write("ready\n");
