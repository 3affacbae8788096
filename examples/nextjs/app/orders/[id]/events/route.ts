import { engine } from "@/lib/workflows";

export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const { id } = await params;
  const { watchExecution } = engine.forUser("ada"); // from your session
  const updates = watchExecution({
    executionId: decodeURIComponent(id),
    checkpoints: "all",
    signal: request.signal,
  });
  const encoder = new TextEncoder();
  const stream = new ReadableStream({
    async pull(controller) {
      const { done, value } = await updates.next();
      if (done) return controller.close();
      const nodes = value.checkpoints.map(({ nodeId, error }) => [nodeId, error === undefined ? "done" : "failed"]);
      const event = { status: value.status, nodes: Object.fromEntries(nodes) };
      controller.enqueue(encoder.encode(`data: ${JSON.stringify(event)}\n\n`));
    },
    cancel: () => void updates.return?.(),
  });
  return new Response(stream, { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
}
