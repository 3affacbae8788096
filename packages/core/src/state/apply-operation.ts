import { WorkflowError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { isArray, isPlain } from "./live-values.ts";
import { setOwn } from "./set-own.ts";

/** Applies one operation of delta.ts, parsed from JSON. It changes and reuses that JSON. @throws as {@link Draft.apply} */
export function applyOperation(codec: Codec, state: unknown, operation: readonly unknown[]): unknown {
  const draft = new Draft(codec, state);
  draft.apply(operation);
  return draft.finish();
}

/**
 * A state to which operations of delta.ts are applied, one after the other.
 *
 * - Each container on the way to a change is copied once, however many operations change it.
 * - Refuses operations that do not fit the state, so none can make the state larger than the operation's own text.
 */
export class Draft {
  readonly #codec: Codec;
  #state: unknown;
  /** The containers that this draft has copied, and may change until it is finished. */
  readonly #owned = new Set<object>();

  constructor(codec: Codec, state: unknown) {
    this.#codec = codec;
    this.#state = state;
  }

  /** The state as it is now, not frozen. */
  get state(): unknown {
    return this.#state;
  }

  /** @throws {WorkflowError} STATE_CORRUPT, STATE_TYPE_UNKNOWN */
  apply(operation: readonly unknown[]): void {
    const [name, path] = operation;
    if (!Array.isArray(path)) throw unfit();
    if (name === "set" && operation.length === 3) this.#put(path, this.#codec.revive(operation[2]));
    else if (name === "delete") this.#delete(path);
    else if (name === "push") this.#push(path, operation);
    else if (name === "splice") this.#splice(path, operation);
    else if (name === "order") this.#order(path, operation[2]);
    else throw unfit();
  }

  /** Returns the state, deeply frozen. More operations can follow. */
  finish(): unknown {
    for (const container of this.#owned) Object.freeze(container);
    this.#owned.clear();
    return this.#state;
  }

  #put(path: readonly unknown[], value: unknown): void {
    if (path.length === 0) {
      this.#state = value;
      return;
    }
    const parent = this.#own(path, path.length - 1);
    const key = path.at(-1);
    if (!isArray(parent)) {
      if (typeof key !== "string") throw unfit();
      setOwn(parent, key, value);
    } else if (isIndex(key, parent.length + 1)) {
      (parent as unknown[])[key] = value;
    } else {
      throw unfit();
    }
  }

  #delete(path: readonly unknown[]): void {
    const parent = path.length === 0 ? [] : this.#own(path, path.length - 1);
    const key = path.at(-1);
    if (isArray(parent) || typeof key !== "string" || !Object.hasOwn(parent, key)) throw unfit();
    delete (parent as Record<string, unknown>)[key];
  }

  #push(path: readonly unknown[], operation: readonly unknown[]): void {
    const array = this.#ownArray(path);
    for (let i = 2; i < operation.length; i++) array.push(this.#codec.revive(operation[i]));
  }

  #splice(path: readonly unknown[], operation: readonly unknown[]): void {
    const array = this.#ownArray(path);
    const [, , start, deleteCount] = operation;
    if (!isIndex(start, array.length + 1) || !isIndex(deleteCount, array.length - start + 1)) throw unfit();
    const tail = array.splice(start);
    for (let i = 4; i < operation.length; i++) array.push(this.#codec.revive(operation[i]));
    for (let i = deleteCount; i < tail.length; i++) array.push(tail[i]);
  }

  #order(path: readonly unknown[], keys: unknown): void {
    const object = this.#own(path, path.length) as Record<string, unknown>;
    if (isArray(object) || !Array.isArray(keys) || keys.length !== Object.keys(object).length) throw unfit();
    const ordered: Record<string, unknown> = {};
    for (const key of keys) {
      if (typeof key !== "string" || !Object.hasOwn(object, key) || Object.hasOwn(ordered, key)) throw unfit();
      setOwn(ordered, key, object[key]);
    }
    this.#owned.add(ordered);
    this.#put(path, ordered);
  }

  #ownArray(path: readonly unknown[]): unknown[] {
    const array = this.#own(path, path.length);
    if (!isArray(array)) throw unfit();
    return array as unknown[];
  }

  /** Copies the containers along the first `length` keys of a path, unless they are copies already. Returns the last. */
  #own(path: readonly unknown[], length: number): object {
    let at = this.#owning(this.#state);
    this.#state = at;
    for (let depth = 0; depth < length; depth++) {
      const key = path[depth] as string;
      if (isArray(at) ? !isIndex(key, at.length) : typeof key !== "string" || !Object.hasOwn(at, key)) throw unfit();
      const child = (at as Record<string, unknown>)[key];
      const owned = this.#owning(child);
      if (owned !== child) setOwn(at, key, owned);
      at = owned;
    }
    return at;
  }

  #owning(container: unknown): object {
    if (typeof container !== "object" || container === null) throw unfit();
    if (this.#owned.has(container)) return container;
    let copy: object;
    // V8 is fast at spreading a frozen array and slow at slicing one.
    if (isArray(container)) copy = [...container];
    else if (isPlain(container)) copy = { ...container };
    else throw unfit();
    this.#owned.add(copy);
    return copy;
  }
}

/** Returns true for a whole number from 0 to `end - 1`. */
function isIndex(value: unknown, end: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < end;
}

function unfit(): WorkflowError {
  return new WorkflowError("STATE_CORRUPT", "A stored change does not fit the state before it.");
}
