import { useQuery, useQueryClient } from "@tanstack/react-query";
import { resultOf } from "@waymark/inspector/page/answer.ts";
import { jsonObjectProblem } from "@waymark/inspector/page/execution/edited-json.ts";
import { Icon } from "@waymark/inspector/page/icon.tsx";
import { Notice, Skeleton } from "@waymark/inspector/page/parts/notice.tsx";
import { visible } from "@waymark/inspector/page/parts/verbatim.tsx";
import { hrefOf, navigate } from "@waymark/inspector/page/router.tsx";
import { type FormEvent, useState } from "react";
import { api, type Offered, type Order, proof, type Session, sessionQuery } from "./calls.ts";
import { FileDrop } from "./file-drop.tsx";

const FIRST = "bundled:order-fulfilment";
const PACES = [
  { ms: 0, name: "as fast as it can" },
  { ms: 300, name: "0.3 s before each node" },
  { ms: 1_000, name: "1 s before each node" },
];

/** What is run, and how it is disturbed. */
export function OrderForm() {
  const client = useQueryClient();
  const session = useQuery(sessionQuery);
  const workflows = useQuery({ queryKey: ["workflows"], queryFn: () => resultOf(api.workflows.$get()) });
  const [key, setKey] = useState(FIRST);
  const error = session.error ?? workflows.error;
  if (session.data === undefined || workflows.data === undefined) {
    if (error === null) return <Skeleton rows={6} />;
    return <Notice kind="error" title="The playground cannot be reached" text={error.message} />;
  }
  const { items } = workflows.data;
  const chosen = items.find((each) => each.key === key) ?? items[0];
  const take = async (name: string, text: string) => {
    const added = await resultOf(api.workflows.$post({ json: { name, text } }, await proof()));
    await client.invalidateQueries({ queryKey: ["workflows"] });
    const [first] = added.items;
    if (first !== undefined) setKey(first.key);
  };
  return (
    <>
      <h1>V1 and V2, side by side</h1>
      <p className="lead">
        V1 passes one context from node to node and stores nothing. V2 writes a checkpoint after every node. Run a
        workflow with both, in processes of their own, and disturb them.
      </p>
      <div className="order">
        <section className="card" aria-labelledby="workflows">
          <h2 id="workflows">Workflow</h2>
          <fieldset className="workflows">
            <legend className="sr-only">Workflow</legend>
            {items.map((each) => (
              <label key={each.key} className="workflow">
                <input type="radio" name="workflow" checked={each === chosen} onChange={() => setKey(each.key)} />
                <span>
                  <bdi>{visible(each.title)}</bdi>
                  <small className="quiet">
                    {each.nodes.length} nodes{each.isBundled ? "" : `, from your ${each.format} file`}
                  </small>
                </span>
              </label>
            ))}
          </fieldset>
          <FileDrop onFile={take} />
        </section>
        {chosen !== undefined && <Settings key={chosen.key} chosen={chosen} session={session.data} />}
      </div>
    </>
  );
}

function Settings({ chosen, session }: { chosen: Offered; session: Session }) {
  const [input, setInput] = useState(chosen.input);
  const [store, setStore] = useState("pglite");
  const [url, setUrl] = useState("");
  const [chosenKind, setKind] = useState<Order["disturbance"]["kind"]>("none");
  const [nodeId, setNodeId] = useState(chosen.proposedNode ?? chosen.nodes[0]?.id ?? "");
  const [moment, setMoment] = useState<"before" | "during" | "after">("during");
  const [paceMs, setPace] = useState(300);
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const kindOfStore = session.stores.find(({ name }) => name === store);
  // Offered again as soon as another store is chosen.
  const kind = chosenKind === "kill" && kindOfStore?.isDurable !== true ? "none" : chosenKind;
  const inputProblem = jsonObjectProblem(input);
  const start = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    const disturbance: Order["disturbance"] =
      kind === "none" ? { kind } : kind === "fail" ? { kind, nodeId } : { kind, nodeId, moment };
    const given = kindOfStore?.needsUrl === true ? { name: store, url } : { name: store };
    const json: Order = { workflow: chosen.key, input, store: given, disturbance, paceMs };
    proof()
      .then((headers) => resultOf(api.runs.$post({ json }, headers)))
      .then(
        ({ id }) => navigate(hrefOf("run", { id })),
        (error: Error) => {
          setProblem(error.message);
          setBusy(false);
        },
      );
  };
  return (
    <form className="card settings" onSubmit={start} aria-label="Settings">
      {!chosen.isBundled && (
        <p className="note">
          <Icon name="warn" /> Its nodes run for real: they can call any address that your machine reaches.
        </p>
      )}
      {chosen.notes.length > 0 && (
        <ul className="notes" aria-label="What was left out">
          {chosen.notes.map((note) => (
            <li key={note}>{visible(note)}</li>
          ))}
        </ul>
      )}
      <label className="label" htmlFor="disturbance">
        What goes wrong
      </label>
      <select id="disturbance" value={kind} onChange={(event) => setKind(event.target.value as typeof kind)}>
        <option value="none">Nothing, until you kill it</option>
        <option value="fail">A node does its work and then fails</option>
        {kindOfStore?.isDurable === true && <option value="kill">The process is killed at a node</option>}
      </select>
      {kind !== "none" && (
        <div className="row">
          <select aria-label="Node" value={nodeId} onChange={(event) => setNodeId(event.target.value)}>
            {chosen.nodes.map(({ id, name }) => (
              <option key={id} value={id}>
                {visible(name ?? id)}
              </option>
            ))}
          </select>
          {kind === "kill" && (
            <select
              aria-label="Moment"
              value={moment}
              onChange={(event) => setMoment(event.target.value as typeof moment)}
            >
              <option value="before">before its effect</option>
              <option value="during">while it runs</option>
              <option value="after">after it, before its checkpoint</option>
            </select>
          )}
        </div>
      )}
      <label className="label" htmlFor="store">
        Checkpoints are kept in
      </label>
      <select id="store" value={store} onChange={(event) => setStore(event.target.value)}>
        {session.stores.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      {kindOfStore?.needsUrl === true && (
        <label className="field">
          <span>Address of the server</span>
          <input type="text" value={url} onChange={(event) => setUrl(event.target.value)} autoComplete="off" />
        </label>
      )}
      {kindOfStore?.isDurable === false && (
        <p className="quiet">Nothing outlives the process here: no recovery, and nothing for the inspector.</p>
      )}
      <label className="label" htmlFor="pace">
        Pace
      </label>
      <select id="pace" value={paceMs} onChange={(event) => setPace(Number(event.target.value))}>
        {PACES.map(({ ms, name }) => (
          <option key={ms} value={ms}>
            {name}
          </option>
        ))}
      </select>
      <label className="label" htmlFor="input">
        Input, as JSON
      </label>
      <textarea
        id="input"
        rows={6}
        spellCheck={false}
        value={input}
        aria-invalid={inputProblem !== undefined}
        onChange={(event) => setInput(event.target.value)}
      />
      <p className="problem" role="status">
        {inputProblem}
      </p>
      <p className="problem" role="alert">
        {problem}
      </p>
      <button type="submit" className="button primary" disabled={isBusy || inputProblem !== undefined}>
        <Icon name="play" /> Run both
      </button>
    </form>
  );
}
