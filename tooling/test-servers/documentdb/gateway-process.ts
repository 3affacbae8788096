import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../free-port.ts";
import { SupervisedProcess } from "../supervised-process.ts";

const GATEWAY = fileURLToPath(new URL("./gateway.ts", import.meta.url));

/** A gateway that runs in another process. */
export interface GatewayProcess {
  /** Its MongoDB address. */
  url: string;
  kill(): Promise<void>;
  /** Restarts it on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a gateway in front of an engine, which is given by its PostgreSQL address. */
export async function startGateway(
  engineUrl: string,
  isReady: (url: string) => Promise<boolean>,
): Promise<GatewayProcess> {
  const port = await freePort();
  const supervised = new SupervisedProcess(mkdtempSync(join(tmpdir(), "waymark-gateway-")), {
    command: process.execPath,
    args: [GATEWAY, String(port), engineUrl],
  });
  const url = `mongodb://127.0.0.1:${port}`;
  const start = () => supervised.start(() => isReady(url));
  try {
    await start();
  } catch (error) {
    await supervised.dispose();
    throw new Error("The gateway of the DocumentDB server for the tests did not start.", { cause: error });
  }
  return {
    url,
    start,
    kill: async () => {
      if (supervised.isRunning) await supervised.end("SIGKILL");
    },
    stop: () => supervised.dispose(),
  };
}
