import { type AnchorHTMLAttributes, type MouseEvent, useMemo, useSyncExternalStore } from "react";

const basePath = new URL(document.baseURI).pathname;
const CHANGED = "waymark:navigated";

/** An address within the page: "", "inbox", or "execution" with its parameters. */
export interface Place {
  path: string;
  parameters: URLSearchParams;
}

/** Makes the relative address of a place. Empty parameters are left out. */
export function hrefOf(path: string, parameters: Record<string, string | undefined> = {}): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => (entry[1] ?? "") !== "");
  const query = new URLSearchParams(given).toString();
  return `${basePath}${path}${query === "" ? "" : `?${query}`}`;
}

/** Goes to a place; the one before stays in the browser's history unless it is replaced. */
export function navigate(href: string, { replace = false } = {}): void {
  if (replace) window.history.replaceState(null, "", href);
  else window.history.pushState(null, "", href);
  window.dispatchEvent(new Event(CHANGED));
}

export function usePlace(): Place {
  const href = useSyncExternalStore(
    (listener) => {
      window.addEventListener("popstate", listener);
      window.addEventListener(CHANGED, listener);
      return () => {
        window.removeEventListener("popstate", listener);
        window.removeEventListener(CHANGED, listener);
      };
    },
    () => window.location.href,
  );
  return useMemo(() => {
    const { pathname, searchParams } = new URL(href);
    return { path: pathname.slice(basePath.length).replace(/\/$/, ""), parameters: searchParams };
  }, [href]);
}

/** A link to a place, which a plain click follows without loading the page again. */
export function Link({ href, onClick, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!isPlain || event.defaultPrevented) return;
    event.preventDefault();
    navigate(href);
    window.scrollTo(0, 0);
  };
  return <a href={href} onClick={follow} {...rest} />;
}

/** The address of an execution's page. */
export function executionHref(id: string, parameters: Record<string, string | undefined> = {}): string {
  return hrefOf("execution", { id, ...parameters });
}
