/** What the examples use of Next.js, so that they are type-checked without installing it. */
declare module "next/server" {
  export function after(task: Promise<unknown> | (() => unknown)): void;
}
