import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
} from "@nestjs/common";
import { createWorkflowEngine, type NodeExecutor, type StartedExecution } from "@waymark/core";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import { DataSource } from "typeorm";

const order = {
  id: "order",
  nodes: [{ id: "charge", type: "charge" }],
  edges: [],
};

/** A service whose method is an executor. It can have other services injected. */
@Injectable()
class Charging {
  readonly charge: NodeExecutor = ({ context, idempotencyKey }) => ({ ...context, chargedWith: idempotencyKey });
}

const createEngine = (dataSource: DataSource, charging: Charging) =>
  createWorkflowEngine({
    store: PostgresCheckpointStore.from(dataSource),
    workflows: [order],
    executors: { charge: charging.charge },
  });

export const ENGINE = Symbol("workflow engine");
export type Engine = ReturnType<typeof createEngine>;

/** Runs what was started, and what an earlier process has left. Nest calls the hooks. */
@Injectable()
export class Workflows implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #engine: Engine;

  constructor(@Inject(ENGINE) engine: Engine) {
    this.#engine = engine;
  }

  onApplicationBootstrap(): void {
    this.#engine.startRecovery();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#engine.drain({ timeoutMs: 20_000 });
  }

  start(userId: string, requestId: string): Promise<StartedExecution> {
    return this.#engine.startExecution({
      workflowId: "order",
      userId,
      executionId: `order:${userId}:${requestId}`,
      ifExists: "join",
    });
  }
}

@Module({
  providers: [Charging, { provide: ENGINE, inject: [DataSource, Charging], useFactory: createEngine }, Workflows],
  exports: [ENGINE, Workflows],
})
export class WorkflowsModule {}
