import type { Page } from "./page-files.ts";

/** No script, style or connection but our own; no frame around the page, and none in it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The headers of every response of a page and its calls. */
const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** Adds the headers that protect a page. Only files with a hash in their names are kept by browsers. */
export function withHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
  if (!response.headers.has("Cache-Control")) response.headers.set("Cache-Control", "no-store");
  return response;
}

/** Answers with the page, which finds its way by the address that it was opened with. */
export function pageResponse(
  { script, style }: Page,
  { basePath, title }: { basePath: string; title: string },
): Response {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<base href="${basePath}/">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="assets/${style}">
<script type="module" src="assets/${script}"></script>
</head>
<body><div id="root"></div><noscript>This page needs JavaScript.</noscript></body>
</html>
`;
  return new Response(html, { headers: { "Content-Type": "text/html; charset=utf-8" } });
}

/** Answers with a file of the page. Its name has a hash of its content. */
export function fileResponse({ files }: Page, name: string, request: Request): Response | undefined {
  const file = Object.hasOwn(files, name) ? files[name] : undefined;
  if (file === undefined) return undefined;
  const bytes = Uint8Array.from(atob(file.gzip), (character) => character.charCodeAt(0));
  const headers: Record<string, string> = {
    "Content-Type": file.type,
    "Cache-Control": "private, max-age=31536000, immutable",
    Vary: "Accept-Encoding",
  };
  if (/\bgzip\b/.test(request.headers.get("accept-encoding") ?? "") && !isOfNext(request)) {
    return new Response(bytes, { headers: { ...headers, "Content-Encoding": "gzip" } });
  }
  const unzipped = new Response(bytes).body?.pipeThrough(new DecompressionStream("gzip"));
  return new Response(unzipped ?? null, { headers });
}

/** Next.js removes Content-Encoding from what a route returns, and compresses it by itself. */
function isOfNext(request: Request): boolean {
  return "nextUrl" in request;
}
