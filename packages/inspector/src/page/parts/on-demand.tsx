import { type ComponentType, type ReactNode, useEffect, useReducer, useState } from "react";
import { Notice } from "./notice.tsx";

/** Milliseconds between two attempts to load a part. */
const PAUSE_MS = 2_000;

/**
 * Returns a component whose code is loaded once it is shown, with `waiting` in its place until then.
 *
 * - If the server is away, it says so and tries again every two seconds; the rest of the page stays as it is.
 */
export function onDemand<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  waiting: ReactNode,
): ComponentType<Props> {
  let Loaded: ComponentType<Props> | undefined;
  return function OnDemand(props: Props) {
    const [, showLoaded] = useReducer((count: number) => count + 1, 0);
    const [failures, setFailures] = useState(0);
    useEffect(() => {
      if (Loaded !== undefined) return;
      let isShown = true;
      const attempt = () =>
        load().then(
          (component) => {
            Loaded = component;
            if (isShown) showLoaded();
          },
          () => {
            if (isShown) setFailures(failures + 1);
          },
        );
      const timer = setTimeout(attempt, failures === 0 ? 0 : PAUSE_MS);
      return () => {
        isShown = false;
        clearTimeout(timer);
      };
    }, [failures]);
    if (Loaded !== undefined) return <Loaded {...props} />;
    if (failures === 0) return waiting;
    return (
      <Notice
        kind="error"
        title="This part could not be loaded"
        text="The server cannot be reached. The page tries again every two seconds."
      >
        {/* Some browsers keep a module that failed for as long as the page is open. */}
        <button type="button" className="button" onClick={() => window.location.reload()}>
          Load the page again
        </button>
      </Notice>
    );
  };
}
