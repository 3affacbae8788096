import { useEffect, useRef } from "react";
import uPlot, { type AlignedData, type Options } from "uplot";
import "uplot/dist/uPlot.min.css";
import { visible } from "@waymark/inspector/page/parts/verbatim.tsx";
import type { Run } from "./calls.ts";

const HEIGHT = 220;
const { bars } = uPlot.paths;

/** The time of each node, and what is written after each step. */
export function Plots({ run }: { run: Run }) {
  const { times, written } = run;
  const names = new Map(run.graph.nodes.map(({ id, name }) => [id, visible(name ?? id)]));
  return (
    <div className="plots">
      <figure className="card">
        <figcaption>
          <h2>Time per node, in ms</h2>
        </figcaption>
        <Plot
          data={[
            times.map((_, index) => index + 1),
            times.map(({ v1 }) => v1 ?? null),
            times.map(({ v2 }) => v2 ?? null),
          ]}
          series={[
            { label: "V1", color: "--quiet", align: -1 },
            { label: "V2", color: "--accent", align: 1 },
          ]}
        />
        <details>
          <summary>As a table</summary>
          <table>
            <thead>
              <tr>
                <th scope="col">Node</th>
                <th scope="col">V1</th>
                <th scope="col">V2</th>
              </tr>
            </thead>
            <tbody>
              {times.map(({ nodeId, v1, v2 }) => (
                <tr key={nodeId}>
                  <th scope="row">
                    <bdi>{names.get(nodeId) ?? nodeId}</bdi>
                  </th>
                  <td>{v1?.toFixed(1)}</td>
                  <td>{v2?.toFixed(1)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      </figure>
      <figure className="card">
        <figcaption>
          <h2>Bytes written, after each step</h2>
          <p className="quiet">
            {written.length === 0
              ? "Nothing yet."
              : `V2's checkpoints: ${written.at(-1)?.checkpoints.toLocaleString()} bytes. One column with the whole context, written anew after each node: ${written.at(-1)?.column.toLocaleString()}.`}
          </p>
        </figcaption>
        <Plot
          data={[
            written.map((_, index) => index),
            written.map(({ checkpoints }) => checkpoints),
            written.map(({ column }) => column),
          ]}
          series={[
            { label: "checkpoints", color: "--accent" },
            { label: "single column", color: "--warn" },
          ]}
        />
      </figure>
    </div>
  );
}

interface Line {
  label: string;
  /** The name of a custom property. */
  color: string;
  /** Set for bars: the side of the point on which they stand. */
  align?: -1 | 1;
}

function Plot({ data, series }: { data: (number | null)[][]; series: readonly Line[] }) {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const text = JSON.stringify(data);
  const lines = JSON.stringify(series);
  useEffect(() => {
    const parent = element.current;
    if (parent === null) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(parent, JSON.parse(lines) as Line[]), JSON.parse(text) as AlignedData, parent);
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: parent.clientWidth, height: HEIGHT }));
    resized.observe(parent);
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      resized.disconnect();
      theme.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [text, lines]);
  return <div ref={element} className="plot" aria-hidden="true" />;
}

function optionsOf(parent: HTMLElement, series: readonly Line[]): Options {
  // A canvas does not know light-dark(), so the colours are read as the browser has computed them.
  const probe = document.createElement("span");
  parent.append(probe);
  const colorOf = (property: string) => {
    probe.style.color = `var(${property})`;
    return getComputedStyle(probe).color;
  };
  const axis = { stroke: colorOf("--quiet"), grid: { stroke: colorOf("--line"), width: 1 }, ticks: { show: false } };
  const options: Options = {
    width: parent.clientWidth,
    height: HEIGHT,
    scales: { x: { time: false } },
    cursor: { show: false },
    legend: { live: false },
    axes: [{ ...axis }, { ...axis, size: 64 }],
    series: [
      {},
      ...series.map(({ label, color, align }) => {
        const stroke = colorOf(color);
        if (align === undefined) return { label, stroke, width: 2 };
        return { label, stroke, fill: stroke, paths: bars?.({ size: [0.35, 24], align }), points: { show: false } };
      }),
    ] as Options["series"],
  };
  probe.remove();
  return options;
}
