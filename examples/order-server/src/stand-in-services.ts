import { createServer } from "node:http";
import { json } from "node:stream/consumers";

const { SERVICES_PORT = "4000" } = process.env;

/** Answers in place of your services: prints each request, and accepts it. */
const server = createServer(async (request, response) => {
  const id = `${request.url?.slice(1)}-${request.headers["idempotency-key"]}`;
  console.log(request.url, await json(request));
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ id }));
});
server.listen(Number(SERVICES_PORT), "127.0.0.1", () =>
  console.log("services on", `http://127.0.0.1:${SERVICES_PORT}`),
);
