import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ErrorBoundary } from "./error-boundary.tsx";
import { applyTheme } from "./theme.tsx";
import { mayPass, tryAgainMs } from "./try-again.ts";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => failures < 2 && mayPass(error),
      retryDelay: 400,
      refetchInterval: tryAgainMs,
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
