import { after } from "next/server";
import { engine } from "@/lib/workflows";

export const maxDuration = 30;

export async function POST(request: Request): Promise<Response> {
  const userId = "ada"; // from your session
  const { executionId, created } = await engine.startExecution({
    workflowId: "order",
    userId,
    executionId: `order:${userId}:${request.headers.get("idempotency-key")}`,
    ifExists: "join",
    initialData: (await request.json()) as object,
  });
  if (created) after(() => engine.resumeWorkflow({ executionId, budgetMs: 20_000 }).catch(console.error));
  return Response.json({ executionId }, { status: created ? 202 : 200 });
}
