import { type ReactNode, useEffect, useRef } from "react";
import { useConnection } from "../connection.ts";
import { Icon } from "../icon.tsx";
import { Link } from "../router.tsx";
import { ThemeButton } from "../theme.tsx";
import { Toasts } from "./toast.tsx";

interface FrameProps {
  /** The link at the left end. */
  home: { href: string; label: string };
  /** The links to the pages. */
  tabs: ReactNode;
  /** What stands at the right end. */
  aside?: ReactNode;
  /** The path of the page that is shown. */
  path: string;
  children: ReactNode;
}

/** What stands around every page. */
export function Frame({ home, tabs, aside, path, children }: FrameProps) {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(path);
  // A new page moves the focus, for screen readers and keyboards.
  useEffect(() => {
    if (shown.current !== path) main.current?.focus({ preventScroll: true });
    shown.current = path;
  }, [path]);
  return (
    <>
      <button type="button" className="skip-link" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header className="top">
        <Link href={home.href} className="brand" aria-label={home.label}>
          <Logo />
          <span>Waymark</span>
        </Link>
        <nav aria-label="Pages">{tabs}</nav>
        <span className="grow" />
        {aside}
        <ThemeButton />
      </header>
      <ConnectionBanner />
      <main id="main" className="page" ref={main} tabIndex={-1}>
        {children}
      </main>
      <Toasts />
    </>
  );
}

function ConnectionBanner() {
  const state = useConnection();
  if (state === "online") return null;
  return (
    <div className="banner" role="status">
      <Icon name="warn" />
      {state === "unreachable"
        ? "The server cannot be reached. This is what was known; the page tries again."
        : "The store cannot be reached. This is what was known; the page tries again."}
    </div>
  );
}

function Logo() {
  return (
    <svg aria-hidden="true" width="24" height="24" viewBox="0 0 24 24" className="logo">
      <rect width="24" height="24" rx="7" className="logo-ground" />
      <path d="M5 8l3.5 8L12 9l3.5 7L19 8" fill="none" strokeWidth="2.2" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
