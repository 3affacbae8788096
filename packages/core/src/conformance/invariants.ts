/** The numbered promises of a checkpoint store. `docs/conformance.md` lists them. */
export const INVARIANTS = {
  1: "Atomic: readers see a commit as a whole or not at all",
  2: "One winner: of racing writers exactly one wins, and version and seq have no gaps",
  3: "Fenced: every claim raises the token, and a commit with an older token changes nothing",
  4: "Leases follow the store's clock, never the caller's",
  5: "Durable: a second handle finds everything that resolved calls wrote",
  6: "Retry-safe: a repeated call has no second effect",
  7: "Order of checks: if several errors apply, the call rejects with the agreed one",
  8: "Isolated: executions never affect each other, and records are copies",
  9: "Faithful: every value is read back exactly as it was written",
  10: "Ordered pages: a listing returns every row once, whatever changes meanwhile",
  11: "Finality: an execution that has ended or is suspended changes only through a claim",
  12: "Deletion leaves nothing behind and spares executions that have changed",
  13: "Setup is idempotent and may run in several processes at once",
  14: "Errors have codes, and nothing is written before the arguments are checked",
} as const;

/** The number of one of the {@link INVARIANTS}. */
export type InvariantNumber = keyof typeof INVARIANTS;
