import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./answer.ts";
import { ErrorBoundary } from "./error-boundary.tsx";
import { applyTheme } from "./theme.tsx";

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

/** Shows a page in the document. */
export function startPage(page: ReactNode): void {
  applyTheme();
  const root = document.getElementById("root");
  if (root === null) return;
  createRoot(root).render(
    <StrictMode>
      <ErrorBoundary>
        <QueryClientProvider client={client}>{page}</QueryClientProvider>
      </ErrorBoundary>
    </StrictMode>,
  );
}
