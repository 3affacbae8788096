import { editDistance } from "../near-name.ts";

/*
 * Finds misspelt names of a definition's fields. A canvas has many other fields, which are ignored. A misspelt field
 * would be ignored as well, and the workflow would not run as it was written.
 */

/** The names of a set of fields, and the names that are mistaken for them. */
export interface FieldNames {
  readonly known: readonly string[];
  /** The field for each name that other builders use. */
  readonly aliases: Readonly<Record<string, string>>;
}

/** Finds near misses of one set of fields. Caches its results, because a canvas repeats its names. */
export class NearMisses {
  readonly #names: FieldNames;
  readonly #known: ReadonlySet<string>;
  readonly #found = new Map<string, string | undefined>();

  constructor(names: FieldNames) {
    this.#names = names;
    this.#known = new Set(names.known);
  }

  /** Returns the field that a misspelt name probably means; `undefined` if it is a field itself or resembles none. */
  of(name: string): string | undefined {
    if (this.#known.has(name)) return undefined;
    if (this.#found.has(name)) return this.#found.get(name);
    const found = this.#find(name);
    if (this.#found.size < MAX_REMEMBERED) this.#found.set(name, found);
    return found;
  }

  #find(name: string): string | undefined {
    if (name.length > MAX_LENGTH) return undefined;
    if (Object.hasOwn(this.#names.aliases, name)) return this.#names.aliases[name];
    return this.#names.known.find((known) => isNear(name, known));
  }
}

const MAX_REMEMBERED = 1_000;
/** The longest name that is compared with the fields, in characters. */
const MAX_LENGTH = 40;

/**
 * Returns whether a name resembles a field. Short fields resemble many words, so fewer differences are allowed. No name
 * resembles `id`.
 */
function isNear(name: string, known: string): boolean {
  if (known === "id") return false;
  const [a, b] = [plain(name), plain(known)];
  if (known.length <= 4) return a === b || (a.length === b.length && isTransposed(a, b));
  return editDistance(a, b) <= (known.length >= 8 ? 2 : 1);
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_\s-]/g, "");
}

function isTransposed(a: string, b: string): boolean {
  const at = [...a].findIndex((letter, index) => letter !== b[index]);
  return a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2);
}
