import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api-client.ts";
import { App } from "./app.tsx";
import { ErrorBoundary } from "./error-boundary.tsx";
import { applyTheme } from "./theme.tsx";
import "./styles/tokens.css";
import "./styles/layout.css";
import "./styles/parts.css";
import "./styles/dialog.css";
import "./styles/executions.css";
import "./styles/execution.css";
import "./styles/timeline.css";
import "./styles/values.css";
import "@xyflow/react/dist/style.css";
import "./styles/graph.css";

/** Milliseconds after which a request is made again that has failed. */
const TRY_AGAIN_MS = 3_000;

/** Returns whether the reason of a failure may go by itself. That of a refusal does not. */
function mayPass(error: Error): boolean {
  return !(error instanceof ApiError && error.status >= 400 && error.status < 500);
}

const client = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => failures < 2 && mayPass(error),
      retryDelay: 400,
      // What has failed because the server or the store was away is asked again until it is back.
      refetchInterval: ({ state: { error } }) => (error !== null && mayPass(error) ? TRY_AGAIN_MS : false),
      refetchOnWindowFocus: true,
      // The server may be on this machine, so being offline says nothing.
      networkMode: "always",
    },
  },
});

applyTheme();
const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <ErrorBoundary>
        <QueryClientProvider client={client}>
          <App />
        </QueryClientProvider>
      </ErrorBoundary>
    </StrictMode>,
  );
}
