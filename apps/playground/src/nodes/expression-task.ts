/** A source to evaluate: an expression, or a text with `{{ expressions }}`. */
export interface ExpressionSource {
  kind: "expression" | "template";
  text: string;
}

/** A task of the process that evaluates expressions. */
export interface ExpressionTask {
  sources: readonly ExpressionSource[];
  /** The inputs. Every source is evaluated against each of them. */
  inputs: readonly unknown[];
  bindings: Readonly<Record<string, unknown>>;
  /** If set, `$index` is this number for the first input, and rises by one per input. */
  firstIndex?: number | undefined;
  /** Stand-ins in `inputs` and `bindings` for values that cannot be copied to another process. */
  standIns: readonly object[];
}

/** A part of a template: literal text, or the value of an expression. */
export type TemplatePart = { text: string } | { value: unknown };

/** The answer: for each input and each source, its value or the parts of the template. */
export type ExpressionAnswer =
  | { type: "ready" }
  | {
      type: "values";
      values: unknown[][];
      /** Stand-ins in `values`, each with its index in the task's list. */
      standIns: (readonly [object, number])[];
    }
  | { type: "failed"; message: string; expression: string; input: number };
