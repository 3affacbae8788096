import { engine } from "@/lib/workflows";

export const dynamic = "force-dynamic";

export async function GET(request: Request): Promise<Response> {
  const allowed = request.headers.get("authorization") === `Bearer ${process.env.CRON_SECRET}`;
  if (!allowed) return new Response("Not allowed", { status: 401 });
  return Response.json(await engine.recoverExecutions({ budgetMs: 20_000 }));
}
