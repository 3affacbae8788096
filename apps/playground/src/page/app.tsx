import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Icon } from "@waymark/inspector/page/icon.tsx";
import { Frame } from "@waymark/inspector/page/parts/frame.tsx";
import { hrefOf, Link, usePlace } from "@waymark/inspector/page/router.tsx";
import { useEffect, useRef } from "react";
import { sessionQuery } from "./calls.ts";
import { OrderForm } from "./order-form.tsx";
import { RolloutPage } from "./rollout-page.tsx";
import { RunPage } from "./run-page.tsx";

/** The page that the address names. */
export function App() {
  const { path, parameters } = usePlace();
  useServer();
  const id = parameters.get("id");
  const isRollout = path === "rollout";
  const tabs = (
    <>
      <Link href={hrefOf("")} className="tab" aria-current={isRollout ? undefined : "page"}>
        <Icon name="play" /> Compare
      </Link>
      <Link href={hrefOf("rollout")} className="tab" aria-current={isRollout ? "page" : undefined}>
        <Icon name="fork" /> Rollout
      </Link>
      <a href="/inspector/" className="tab">
        <Icon name="list" /> Inspector
      </a>
    </>
  );
  return (
    <Frame home={{ href: hrefOf(""), label: "Waymark playground" }} tabs={tabs} path={path}>
      {isRollout ? <RolloutPage /> : path === "run" && id !== null ? <RunPage key={id} id={id} /> : <OrderForm />}
    </Frame>
  );
}

/** Looks whether the server is there. One that was started anew is asked for everything again. */
function useServer(): void {
  const client = useQueryClient();
  const server = useQuery(sessionQuery).data?.server;
  const known = useRef(server);
  useEffect(() => {
    if (known.current !== undefined && known.current !== server) void client.invalidateQueries();
    known.current = server;
  }, [client, server]);
}
