import { useQuery, useQueryClient } from "@tanstack/react-query";
import { resultOf } from "@waymark/inspector/page/answer.ts";
import { Icon } from "@waymark/inspector/page/icon.tsx";
import { Notice } from "@waymark/inspector/page/parts/notice.tsx";
import { say } from "@waymark/inspector/page/parts/toast.tsx";
import { visible } from "@waymark/inspector/page/parts/verbatim.tsx";
import { api, proof, type Rollout } from "./calls.ts";

const LOOK_MS = 700;

/** The rollout demo and its report. */
export function RolloutPage() {
  const client = useQueryClient();
  const { data, error } = useQuery({
    queryKey: ["rollout"],
    queryFn: () => resultOf(api.rollout.$get()),
    refetchInterval: ({ state }) => (state.data?.state === "running" ? LOOK_MS : false),
  });
  if (error !== null) return <Notice kind="error" title="The rollout cannot be shown" text={error.message} />;
  const start = async () => {
    try {
      await resultOf(api.rollout.$post({}, await proof()));
      await client.invalidateQueries({ queryKey: ["rollout"] });
    } catch (problem) {
      say((problem as Error).message, "bad");
    }
  };
  return (
    <>
      <div className="run-head">
        <div>
          <h1>A rollout, from 1 to 100 %</h1>
          <p className="quiet">A small application goes from V1 to V2 in steps. One node was rewritten, with a bug.</p>
        </div>
        <button
          type="button"
          className="button primary"
          disabled={data?.state === "running"}
          onClick={() => void start()}
        >
          <Icon name="play" /> {data?.state === "running" ? "It runs" : "Run the rollout"}
        </button>
      </div>
      {data?.report !== undefined && <Phases report={data.report} />}
      {data?.state === "failed" && <Notice kind="error" title="The rollout has ended without a report" />}
      {data !== undefined && data.lines.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        <pre className="card lines" tabIndex={0}>
          {visible(data.lines.join("\n"))}
        </pre>
      )}
    </>
  );
}

function Phases({ report }: { report: NonNullable<Rollout["report"]> }) {
  return (
    <section className="card" aria-label="Phases">
      <h2>{report.ok ? "The bug was found, and every order was charged once" : "Something went wrong"}</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Phase</th>
            <th scope="col">by V1</th>
            <th scope="col">by V2</th>
            <th scope="col">Stopped by</th>
          </tr>
        </thead>
        <tbody>
          {report.phases.map(({ name, v1, v2, stopped }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{v1}</td>
              <td>{v2}</td>
              <td>{stopped ?? "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
