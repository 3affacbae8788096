import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

/** A question to the Messages API. */
interface Question {
  system?: string;
  messages: { content: string }[];
}

/** A server with a part of the Messages API that records its requests. */
export async function startMessagesApi(says: { status: number; answer: (question: Question) => string }) {
  const requests: { headers: NodeJS.Dict<string | string[]>; body: Question }[] = [];
  const server = createServer(async (request, response) => {
    const body = (await json(request)) as Question;
    requests.push({ headers: request.headers, body });
    response.writeHead(says.status, { "content-type": "application/json", "retry-after": "3" });
    const content = [{ type: "text", text: says.answer(body) }];
    response.end(JSON.stringify({ model: "m", content, usage: { input_tokens: 1, output_tokens: 1 } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
