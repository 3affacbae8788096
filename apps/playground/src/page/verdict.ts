/** What the verdict takes from a side. */
interface EndedSide {
  status: string;
  error?: string | undefined;
  counters: { nodesAgain: number; effectsTwice: number };
}

/** Says how a run has ended. A side that has failed says why, such as that V1 cannot run the workflow at all. */
export function verdict({ v1, v2, equal }: { v1: EndedSide; v2: EndedSide; equal?: boolean | undefined }): string {
  const again = ({ counters, status, error }: EndedSide) =>
    status === "failed" && error !== undefined
      ? error.replace(/\.$/, "")
      : `${counters.nodesAgain} completed nodes again, ${counters.effectsTwice} effects twice`;
  const outputs =
    equal === undefined
      ? "There are not two outputs to compare."
      : equal
        ? "The outputs are equal."
        : "The outputs differ.";
  return `${outputs} V1: ${again(v1)}. V2: ${again(v2)}.`;
}
