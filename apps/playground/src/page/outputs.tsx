import { useQuery } from "@tanstack/react-query";
import { resultOf } from "@waymark/inspector/page/answer.ts";
import { Operations } from "@waymark/inspector/page/execution/operations.tsx";
import { ValueTree } from "@waymark/inspector/page/execution/value-tree.tsx";
import { Notice, Skeleton } from "@waymark/inspector/page/parts/notice.tsx";
import { api, type Run } from "./calls.ts";

/** Both outputs, and where they differ. */
export function Outputs({ run }: { run: Run }) {
  const { data, error } = useQuery({
    queryKey: ["outputs", run.id],
    queryFn: () => resultOf(api.run.outputs.$get({ query: { id: run.id } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error !== null) return <Notice kind="error" title="The outputs cannot be shown" text={error.message} />;
  if (data === undefined) return <Skeleton rows={3} />;
  const hasBoth = data.v1 !== undefined && data.v2 !== undefined;
  return (
    <section className="card change" aria-label="Outputs">
      <h2>Outputs</h2>
      {hasBoth ? (
        <Operations
          operations={data.operations as unknown as unknown[][]}
          count={data.count}
          before={data.v1}
          none="V1 and V2 have come to the same output."
        />
      ) : (
        <p className="quiet">Not both have completed the workflow.</p>
      )}
      <div className="outputs">
        {(["v1", "v2"] as const).map((name) => (
          <div key={name}>
            <h3>{name === "v1" ? "V1" : "V2"}</h3>
            {data[name] === undefined ? <p className="quiet">none</p> : <ValueTree value={data[name]} depth={1} />}
          </div>
        ))}
      </div>
    </section>
  );
}
