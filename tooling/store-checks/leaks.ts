import { inspect } from "node:util";
import { isWorkflowError } from "@waymark/core";
import { expect } from "vitest";

/**
 * Returns everything that can be read from a value: all properties of it and of the objects it refers to, hidden ones
 * too.
 */
function everythingIn(value: unknown): string {
  const texts: string[] = [inspect(value, { depth: 20, showHidden: true })];
  const seen = new Set<unknown>();
  const visit = (each: unknown): void => {
    if ((typeof each !== "object" && typeof each !== "function") || each === null) {
      texts.push(String(each));
      return;
    }
    if (seen.has(each)) return;
    seen.add(each);
    if (ArrayBuffer.isView(each)) texts.push(Buffer.from(each.buffer, each.byteOffset, each.byteLength).toString());
    if (each instanceof Map || each instanceof Set) for (const item of each) visit(item);
    for (const key of Reflect.ownKeys(each)) {
      texts.push(String(key));
      try {
        visit((each as Record<PropertyKey, unknown>)[key]);
      } catch {}
    }
  };
  visit(value);
  return texts.join("\n");
}

/**
 * Waits until a call fails, and checks that the error has a code and contains none of the secrets. Returns the code.
 */
export async function expectNoLeak(call: Promise<unknown>, secrets: readonly string[]): Promise<string> {
  const error = await call.then(
    () => expect.unreachable("The call succeeded."),
    (thrown: unknown) => thrown,
  );
  const everything = everythingIn(error);
  for (const secret of secrets) expect(everything).not.toContain(secret);
  return isWorkflowError(error) ? error.code : `no code: ${error}`;
}
