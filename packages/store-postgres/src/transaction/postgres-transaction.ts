/** A connection of `pg`, after its `BEGIN`: a `PoolClient` or a `Client`. */
export interface TransactionClientLike {
  query(text: string): Promise<unknown>;
  release?: unknown;
}

/** A TypeORM `QueryRunner`, of any version. */
export interface QueryRunnerLike {
  readonly isTransactionActive: boolean;
  readonly isReleased: boolean;
  connect(): Promise<unknown>;
}

/** A TypeORM `EntityManager`, of any version. */
export interface EntityManagerLike {
  readonly queryRunner?: QueryRunnerLike | undefined;
  readonly connection: object;
}

/** The transaction that PGlite's `transaction()` passes to its callback. */
export interface PGliteTransactionLike {
  query(text: string): Promise<unknown>;
  rollback(): Promise<unknown>;
  readonly closed: boolean;
}

/** A client for {@link PostgresCheckpointStore.inTransaction}. */
export type PostgresTransaction = TransactionClientLike | EntityManagerLike | QueryRunnerLike | PGliteTransactionLike;
