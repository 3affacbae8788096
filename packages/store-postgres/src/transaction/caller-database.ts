import { WorkflowError } from "@waymark/core";
import { invalidArgument } from "@waymark/core/store";
import type { Database } from "../database.ts";
import { translateError } from "../server/translate-error.ts";
import type { CallerTransaction } from "./caller-transaction.ts";
import { pgTransaction } from "./pg-transaction.ts";
import { pgliteTransaction } from "./pglite-transaction.ts";
import type { PostgresTransaction, QueryRunnerLike, TransactionClientLike } from "./postgres-transaction.ts";

/**
 * Makes a database of a transaction that the caller has begun. Every statement is sent once.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export function callerDatabase(client: PostgresTransaction, timeoutMs: number): Database {
  const transaction = transactionOf(client, timeoutMs);
  if (transaction.hasEnded()) throw invalid("is in no transaction; begin one first");
  let fault: WorkflowError | undefined;
  return {
    isShared: false,
    run: async (statement, values) => {
      if (fault !== undefined) throw ended("was aborted by an earlier failure; roll it back", fault);
      if (transaction.hasEnded()) throw ended("has ended");
      try {
        return await transaction.send(statement, values);
      } catch (error) {
        fault = aborted(translateError(error));
        throw fault;
      }
    },
    // The store migrates only in transactions of its own.
    transaction: () => Promise.reject(invalid("is for statements of its own transaction only")),
    end: async () => {},
  };
}

function transactionOf(client: PostgresTransaction, timeoutMs: number): CallerTransaction {
  if (typeof client !== "object" || client === null) throw invalid(`must be ${KINDS}`);
  if ("connection" in client && "queryRunner" in client) {
    if (client.queryRunner === undefined) {
      throw invalid(
        "is an EntityManager outside of a transaction; use the one that transaction() passes to its callback",
      );
    }
    return runnerTransaction(client.queryRunner, timeoutMs);
  }
  if ("isTransactionActive" in client) return runnerTransaction(client, timeoutMs);
  if ("rollback" in client && "closed" in client) return pgliteTransaction(client);
  if ("totalCount" in client) throw invalid("is a pool; take a connection from it, and begin a transaction on that");
  if ("transaction" in client)
    throw invalid("is not a transaction; use the one that its transaction() passes to its callback");
  if ("query" in client && typeof client.query === "function") return pgTransaction(client, timeoutMs);
  throw invalid(`must be ${KINDS}`);
}

const KINDS = "a connection of `pg`, an EntityManager or QueryRunner of TypeORM, or a transaction of PGlite";

/**
 * Uses a QueryRunner's connection of `pg`: TypeORM's own queries read numbers and JSON by the application's settings.
 */
function runnerTransaction(runner: QueryRunnerLike, timeoutMs: number): CallerTransaction {
  return {
    hasEnded: () => runner.isReleased || !runner.isTransactionActive,
    send: async (statement, values) => {
      const connection = (await runner.connect()) as TransactionClientLike | undefined;
      if (typeof connection?.query !== "function") throw invalid("is a QueryRunner without a connection of `pg`");
      return pgTransaction(connection, timeoutMs).send(statement, values);
    },
  };
}

function aborted(error: WorkflowError): WorkflowError {
  if (error.code !== "STORE_UNAVAILABLE") return error;
  const message = `${error.message} The statement was part of a transaction, which is aborted now: roll it back, and begin a new one to try again.`;
  return new WorkflowError(error.code, message, { cause: error.cause, details: error.details });
}

function ended(why: string, cause?: unknown): WorkflowError {
  return new WorkflowError("STORE_CLOSED", `The transaction that this view of the store is for ${why}.`, { cause });
}

function invalid(problem: string): WorkflowError {
  return invalidArgument("client", problem, "The client");
}
