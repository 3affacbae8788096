import { fillError, isError, readError } from "./built-in-errors.ts";
import type { Codec } from "./codec.ts";
import type { copyData } from "./copy-data.ts";
import { isArray, isInstance } from "./live-values.ts";
import { setOwn } from "./set-own.ts";

/** The form in which nodes get the context: `frozen`, or a deep `copy` that they may change. */
export type ContextMode = "frozen" | "copy";

/**
 * Hands out contexts. A node that changes what it got changes nothing else.
 *
 * - `frozen`: the frozen parts themselves, and copies of the instances (Map, Date, bytes, errors).
 * - `copy`: a copy of everything.
 * - `frozen` costs time only for the parts that hold instances. A context without instances is handed out as it is.
 */
export class ContextValues {
  readonly #codec: Codec;
  /** Containers, and if they hold an instance at any depth. Containers are frozen, so this does not change. */
  readonly #holdsInstance = new WeakMap<object, boolean>();

  #copying: { copyData: typeof copyData } | undefined;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** Hands out a value. Pass `holdsInstances` as false if it surely holds none: that saves the search. */
  handOut<T>(value: T, mode: ContextMode, holdsInstances = true): T {
    if (mode === "copy") return this.#copy(value) as T;
    return holdsInstances ? (this.#view(value) as T) : value;
  }

  /** Loads what {@link copyData} needs. Only runs with `contextMode: "copy"` do. */
  async loadCopying(): Promise<void> {
    this.#copying ??= await import("./copy-data.ts");
  }

  /** Copies a node's data: see copy-data.ts. Call {@link loadCopying} before. */
  copyData<T>(data: T): T {
    if (this.#copying === undefined) throw new Error("The code that copies data is not loaded.");
    return this.#copying.copyData(this.#codec, data);
  }

  #view(value: unknown): unknown {
    if (!this.#needsCopy(value)) return value;
    if (isInstance(value)) return this.#copyInstance(value);
    return Object.freeze(this.#mapContainer(value as object, (each) => this.#view(each)));
  }

  #copy(value: unknown): unknown {
    if (isInstance(value)) {
      const copy = this.#copyInstance(value);
      if (copy instanceof Map) return new Map([...copy].map(([key, each]) => [this.#copy(key), this.#copy(each)]));
      if (copy instanceof Set) return new Set([...copy].map((each) => this.#copy(each)));
      if (!isError(copy) || this.#codec.hasTypeFor(copy)) return copy;
      return fillError(copy, readError(copy, []), (each) => this.#copy(each));
    }
    if (typeof value !== "object" || value === null) return value;
    return this.#mapContainer(value, (each) => this.#copy(each));
  }

  #copyInstance(value: object): unknown {
    return this.#codec.decode(this.#codec.encode(value));
  }

  #mapContainer(value: object, map: (each: unknown) => unknown): object {
    if (isArray(value)) return value.map(map);
    const copy: Record<string, unknown> = {};
    for (const key of Object.keys(value)) setOwn(copy, key, map((value as Record<string, unknown>)[key]));
    return copy;
  }

  #needsCopy(value: unknown): boolean {
    if (typeof value !== "object" || value === null) return typeof value === "function";
    const known = this.#holdsInstance.get(value);
    if (known !== undefined) return known;
    const holds =
      isInstance(value) || (isArray(value) ? value : Object.values(value)).some((each) => this.#needsCopy(each));
    this.#holdsInstance.set(value, holds);
    return holds;
  }
}
