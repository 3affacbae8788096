import type { MongoClient } from "mongodb";

/** Lets actors go on one statement at a time, in an order that is chosen from outside. */
export class Stepper {
  readonly #actors = new Map<string, Actor>();

  /** An actor, and a client whose every statement waits for its turn. */
  add(
    name: string,
    client: MongoClient,
    database: string,
  ): { client: MongoClient; run(work: () => Promise<void>): void } {
    const actor = new Actor();
    this.#actors.set(name, actor);
    return {
      client: steppingClient(client, database, () => actor.turn()),
      run: (work) => {
        actor.hasStarted = true;
        void work().finally(() => actor.finish());
      },
    };
  }

  /** Waits until every actor waits for its turn or has finished. Returns the names of those that wait. */
  async waiting(): Promise<string[]> {
    await Promise.all([...this.#actors.values()].map((actor) => actor.settled()));
    return [...this.#actors].filter(([, actor]) => actor.isWaiting).map(([name]) => name);
  }

  /** Lets an actor send its next statement. */
  go(name: string): void {
    this.#actors.get(name)?.go();
  }

  /** Ends an actor before its next statement: it sends nothing any more. */
  crash(name: string): void {
    this.#actors.get(name)?.crash();
  }
}

class Actor {
  /** Before that it needs no turns. */
  hasStarted = false;
  isWaiting = false;
  #isFinished = false;
  #isDead = false;
  #go: () => void = () => {};
  #onChange: () => void = () => {};

  async turn(): Promise<void> {
    if (!this.hasStarted) return;
    if (!this.#isDead) {
      this.isWaiting = true;
      const turn = new Promise<void>((resolve) => {
        this.#go = resolve;
      });
      this.#onChange();
      await turn;
    }
    if (this.#isDead) throw new Error("crashed");
  }

  go(): void {
    this.isWaiting = false;
    this.#go();
  }

  crash(): void {
    this.#isDead = true;
    this.go();
  }

  finish(): void {
    this.#isFinished = true;
    this.#onChange();
  }

  async settled(): Promise<void> {
    while (!this.isWaiting && !this.#isFinished) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }
}

/** The real client, but that it sends the statements of an ordered command one by one, as a server runs them. */
function steppingClient(client: MongoClient, database: string, turn: () => Promise<void>): MongoClient {
  const db = client.db(database);
  const command = async (document: Record<string, unknown>, options: object) => {
    const { updates } = document as { updates?: unknown[] };
    const parts = updates === undefined ? [document] : updates.map((one) => ({ ...document, updates: [one] }));
    let n = 0;
    for (const part of parts) {
      await turn();
      const reply = await db.command(part, options);
      n += Number(reply.n ?? 0);
      if (reply.writeErrors !== undefined) return { ...reply, n };
      if (part === parts.at(-1)) return { ...reply, n };
    }
    throw new Error("A command without statements.");
  };
  const collection = (name: string) => {
    const real = db.collection(name);
    const later = (read: () => { toArray(): Promise<unknown[]> }) => ({
      toArray: async () => {
        await turn();
        return read().toArray();
      },
    });
    return {
      find: (filter: object, options: object) => later(() => real.find(filter, options)),
      aggregate: (pipeline: object[], options: object) => later(() => real.aggregate(pipeline as never, options)),
    };
  };
  return { options: client.options, db: () => ({ command, collection }) } as unknown as MongoClient;
}
