import "reflect-metadata";
import { Controller, Get, Headers, Inject, Module, Param, Post } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { TypeOrmModule } from "@nestjs/typeorm";
import { ENGINE, type Engine, Workflows, WorkflowsModule } from "./workflows.ts";

/** The routes. Take the user from your own session: here it is a header that anybody can set. */
@Controller("orders")
class OrdersController {
  readonly #workflows: Workflows;
  readonly #engine: Engine;

  constructor(@Inject(Workflows) workflows: Workflows, @Inject(ENGINE) engine: Engine) {
    this.#workflows = workflows;
    this.#engine = engine;
  }

  @Post()
  async create(@Headers("x-user-id") userId: string, @Headers("idempotency-key") key: string) {
    const { executionId, created } = await this.#workflows.start(userId, key);
    return { executionId, created };
  }

  @Get(":id")
  async find(@Headers("x-user-id") userId: string, @Param("id") id: string) {
    const state = await this.#engine.forUser(userId).getExecutionState(id);
    return { status: state.getStatus(), context: state.getContext() };
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({ type: "postgres", url: process.env.DATABASE_URL as string, poolSize: 5 }),
    WorkflowsModule,
  ],
  controllers: [OrdersController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ["error", "warn"] });
app.enableShutdownHooks();
await app.listen(Number(process.env.PORT ?? 3000));
console.log(`listening on ${await app.getUrl()}`);
