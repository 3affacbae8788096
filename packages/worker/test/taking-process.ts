// Takes one job, says so, and never settles it.
import { openDispatcher, type QueuePlace, type QueueSettings } from "./dispatcher-under-test.ts";

const { place, settings } = JSON.parse(process.argv[2] ?? "") as { place: QueuePlace; settings: QueueSettings };
const dispatcher = await openDispatcher(place, settings);
await dispatcher.work(
  (executionId) => {
    process.stdout.write(`${executionId}\n`);
    return new Promise(() => undefined);
  },
  { concurrency: 1, signal: new AbortController().signal },
);
