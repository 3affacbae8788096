/** One thing to evaluate: an expression, or a text with `{{ expressions }}` in it. */
export interface ExpressionSource {
  kind: "expression" | "template";
  text: string;
}

/** What the process that evaluates expressions is asked. */
export interface ExpressionTask {
  sources: readonly ExpressionSource[];
  /** Every source is evaluated against each of them. */
  inputs: readonly unknown[];
  bindings: Readonly<Record<string, unknown>>;
  /** If set, `$index` is this number for the first input, and one more for each further one. */
  firstIndex?: number | undefined;
  /** Objects in `inputs` and `bindings` that stand for what cannot be copied to another process. */
  standIns: readonly object[];
}

/** A part of a template: its own text, or an expression's value. */
export type TemplatePart = { text: string } | { value: unknown };

/** What that process answers: for each input, for each source, its value or the parts of the template. */
export type ExpressionAnswer =
  | { type: "ready" }
  | {
      type: "values";
      values: unknown[][];
      /** Objects in `values`, each with the place in the task's list of the stand-in that it is. */
      standIns: (readonly [object, number])[];
    }
  | { type: "failed"; message: string; expression: string; input: number };
