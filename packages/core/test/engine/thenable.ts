type Settle = (value?: unknown) => void;

/** An object with a `then` that is no promise. */
export function thenable(then: (resolve: Settle, reject: Settle) => unknown): object {
  return { then };
}
