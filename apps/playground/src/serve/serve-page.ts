import { join } from "node:path";
import { createInspector } from "@waymark/inspector";
import { listenLocally } from "@waymark/inspector/cli/listen-locally.ts";
import { guardedApp } from "@waymark/inspector/server/guarded-app.ts";
import { fileResponse, pageResponse, withHeaders } from "@waymark/inspector/server/page.ts";
import type { Page } from "@waymark/inspector/server/page-files.ts";
import { startServiceServer } from "../server/service-server.ts";
import { pageRoutes } from "./page-routes.ts";
import { RolloutRun } from "./rollout-view.ts";
import { Runs } from "./runs.ts";
import { StoreDesk } from "./store-desk.ts";
import { WorkflowShelf } from "./workflow-shelf.ts";

/** The largest body of a request, in bytes: a file with a workflow. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** The addresses at which the page can be opened. */
const PAGES = ["/", "/run", "/rollout"];
const INSPECTOR = "/inspector";

/** What is served. */
export interface PageOptions {
  port: number;
  /** The folder of the embedded store, and of the files that were dropped on the page. */
  dataDir: string;
  page: Page;
  /** Takes errors that have no code. */
  onError: (error: unknown) => void;
}

/** A page that is being served. */
export interface ServedPage {
  url: string;
  /** Ends the connections, the run and its processes, and closes the store. */
  close(): Promise<void>;
}

/** Serves the page and the inspector to this machine only. So it needs nobody's authorization. */
export async function servePage({ port, dataDir: folder, page, onError }: PageOptions): Promise<ServedPage> {
  const dataDir = join(folder, "page");
  const shelf = await WorkflowShelf.open({ folder: join(folder, "dropped"), onError });
  const services = await startServiceServer();
  const desk = new StoreDesk({
    choice: { name: "pglite", dataDir },
    services,
    workflows: () => shelf.all.map(({ loaded }) => loaded),
  });
  const runs = new Runs(desk);
  const rollout = new RolloutRun();
  const authorize = () => ({ actions: true });
  const inspector = createInspector({ engine: desk.engine, basePath: INSPECTOR, authorize, onError });
  const app = guardedApp({ basePath: "", authorize, hosts: [], onError, maxBodyBytes: MAX_BODY_BYTES });
  app.route("/api", pageRoutes({ shelf, runs, rollout, dataDir, onError }));
  app.get("/assets/:name", (c) => fileResponse(page, c.req.param("name"), c.req.raw) ?? c.notFound());
  for (const path of PAGES) app.get(path, () => pageResponse(page, { basePath: "", title: "Waymark playground" }));
  const fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === INSPECTOR || pathname.startsWith(`${INSPECTOR}/`)) return inspector.fetch(request);
    return withHeaders(await app.fetch(request));
  };
  const server = await listenLocally(fetch, port).catch(async (error: unknown) => {
    await services.close();
    throw error;
  });
  return {
    url: server.url,
    close: async () => {
      await server.close();
      rollout.close();
      await runs.close();
      await desk.close();
      await services.close();
    },
  };
}
