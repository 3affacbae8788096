import {
  areEqual,
  differingPaths,
  type NaturalKind,
  naturalKind,
  type PathPattern,
  withoutPaths,
  writePathPattern,
} from "@waymark/core/migration";
import { cleanText } from "@waymark/core/store";
import { difference } from "./difference.ts";

/** A place where two outputs differ, with values that usually differ in every run. */
export interface Suspect {
  path: string;
  kind: NaturalKind;
}

/** Compares the outputs of runs, without the places that differ in every run or that the user leaves out. */
export class OutputComparison {
  readonly #ignored: readonly PathPattern[];
  readonly #used = new Set<number>();
  readonly #varying = new Map<string, PathPattern>();
  #firstOfV1: { output: unknown } | undefined;
  #hasSecond = false;

  /** @param ignored The places that the user leaves out. */
  constructor(ignored: readonly PathPattern[] = []) {
    this.#ignored = ignored;
  }

  /** Takes the output of an undisturbed run of V1. The differences between two of them are not compared. */
  noteV1(output: unknown): void {
    if (this.#firstOfV1 === undefined) {
      this.#firstOfV1 = { output };
      return;
    }
    this.#hasSecond = true;
    for (const { path } of differingPaths(this.#comparable(this.#firstOfV1.output), this.#comparable(output))) {
      this.#varying.set(writePathPattern(path), path);
    }
  }

  /** The places that differ between undisturbed runs of V1. An empty one means the whole output. */
  get varying(): string[] {
    return [...this.#varying.keys()].map((path) => cleanText(path));
  }

  /** The user's patterns that have not matched anything so far. */
  get unused(): string[] {
    return this.#ignored
      .filter((_, index) => !this.#used.has(index))
      .map((pattern) => cleanText(writePathPattern(pattern)));
  }

  equal(first: unknown, second: unknown): boolean {
    return areEqual(this.#comparable(first), this.#comparable(second));
  }

  /** Returns the difference as text, or `undefined` if there is none. */
  difference(v1: unknown, v2: unknown): string | undefined {
    return difference(this.#comparable(v1), this.#comparable(v2));
  }

  /** Returns the differing places where both have a time or both have a UUID. Returns none if V1 ran twice. */
  suspects(v1: unknown, v2: unknown): Suspect[] {
    if (this.#hasSecond) return [];
    return differingPaths(this.#comparable(v1), this.#comparable(v2)).flatMap(({ path, values }) => {
      const [kind, other] = values.map(naturalKind);
      return kind === undefined || kind !== other ? [] : [{ path: cleanText(writePathPattern(path)), kind }];
    });
  }

  #comparable(output: unknown): unknown {
    return withoutPaths(output, [...this.#ignored, ...this.#varying.values()], (index) => this.#used.add(index));
  }
}
