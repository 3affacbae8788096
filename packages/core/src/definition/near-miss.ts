import { editDistance } from "../near-name.ts";

/*
 * Names that are almost those of a definition's fields. A canvas carries many fields of its own, which are ignored; a
 * field that is meant and misspelt would be ignored as well, and the workflow would run otherwise than it says.
 */

/** How a name of a field is mistaken. */
export interface FieldNames {
  readonly known: readonly string[];
  /** What other builders call them. */
  readonly aliases: Readonly<Record<string, string>>;
}

/** Finds near misses of one set of fields. Remembers what it has found, since a canvas repeats its names. */
export class NearMisses {
  readonly #names: FieldNames;
  readonly #known: ReadonlySet<string>;
  readonly #found = new Map<string, string | undefined>();

  constructor(names: FieldNames) {
    this.#names = names;
    this.#known = new Set(names.known);
  }

  /** The field that a name was meant to be, unless it is one itself or like none. */
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
/** Longer names than this are like none, in characters. */
const MAX_LENGTH = 40;

/** Short names are like many words, so they allow for less. `id` is like too many. */
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
