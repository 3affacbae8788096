import { Icon } from "@waymark/inspector/page/icon.tsx";
import { Frame } from "@waymark/inspector/page/parts/frame.tsx";
import { hrefOf, Link, usePlace } from "@waymark/inspector/page/router.tsx";
import { OrderForm } from "./order-form.tsx";
import { RolloutPage } from "./rollout-page.tsx";
import { RunPage } from "./run-page.tsx";

/** The page that the address names. */
export function App() {
  const { path, parameters } = usePlace();
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
