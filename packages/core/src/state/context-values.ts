import type { Codec } from "./codec.ts";
import { copyData } from "./copy-data.ts";
import { isArray, isInstance } from "./live-values.ts";
import { setOwn } from "./set-own.ts";

/** Whether nodes are handed a frozen context, or a deep copy that they may change. */
export type ContextMode = "frozen" | "copy";

/**
 * Hands out a context that shares nothing that could be changed.
 *
 * - `frozen`: the frozen parts themselves; instances (Map, Date, bytes…) as copies.
 * - `copy`: everything as a copy.
 * - The cost of `frozen` is that of the parts that hold instances; a context without any is handed out as it is.
 */
export class ContextValues {
  readonly #codec: Codec;
  /** Whether a container holds an instance, at any depth; containers are frozen, so this does not change. */
  readonly #holdsInstance = new WeakMap<object, boolean>();

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** `holdsInstances` false says that the value surely holds none, which saves looking. */
  handOut<T>(value: T, mode: ContextMode, holdsInstances = true): T {
    if (mode === "copy") return this.#copy(value) as T;
    return holdsInstances ? (this.#view(value) as T) : value;
  }

  /** Copies a node's data: see {@link copyData}. */
  copyData<T>(data: T): T {
    return copyData(this.#codec, data);
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
      return copy instanceof Set ? new Set([...copy].map((each) => this.#copy(each))) : copy;
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
