/** The numbered promises of a checkpoint store, as `docs/conformance.md` explains them. */
export const INVARIANTS = {
  1: "Atomic: a commit is seen whole or not at all",
  2: "One winner: of racing writers exactly one wins, and version and seq have no gaps",
  3: "Fenced: every claim raises the token, and an older one changes nothing",
  4: "Leases go by the store's clock, never by the caller's",
  5: "Durable: what was resolved is there for a second handle",
  6: "Retry-safe: sent again, a call has no second effect",
  7: "Order of checks: of several refusals, the agreed one is given",
  8: "Isolated: executions never see each other, and records are copies",
  9: "Faithful: what was written comes back exactly",
  10: "Ordered pages: every row once, whatever happens meanwhile",
  11: "Finality: what has ended or is suspended changes only through a claim",
  12: "Deletion leaves nothing behind and takes nothing that changed",
  13: "Setup is idempotent and safe to race",
  14: "Errors are codes, and nothing is written before the arguments are checked",
} as const;

/** The number of one of the {@link INVARIANTS}. */
export type InvariantNumber = keyof typeof INVARIANTS;
