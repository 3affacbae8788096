// Implements the parts of MongoDB's wire protocol that the tests need, in front of PostgreSQL's DocumentDB extension.
//
//   node gateway.ts <port to listen on> <PostgreSQL's address>
import { createServer, type Socket } from "node:net";
import { deserialize, serialize } from "bson";
import { GatewayCommands, type Reply } from "./gateway-commands.ts";
import { GatewayDatabase } from "./gateway-database.ts";

const HEADER_BYTES = 16;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const FLAG_CHECKSUM = 1;
const FLAG_MORE_TO_COME = 2;

const [port, databaseUrl = ""] = process.argv.slice(2);
const commands = new GatewayCommands(new GatewayDatabase(databaseUrl));
createServer(serve).listen(Number(port), "127.0.0.1");

function serve(socket: Socket): void {
  let received = Buffer.alloc(0);
  let last: Promise<unknown> = Promise.resolve();
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    while (received.length >= 4 && received.length >= received.readInt32LE(0)) {
      const size = received.readInt32LE(0);
      const message = received.subarray(0, size);
      received = received.subarray(size);
      last = last
        .then(() => answer(message))
        .then((reply) => reply !== undefined && socket.write(reply))
        .catch(() => socket.destroy());
    }
  });
}

async function answer(message: Buffer): Promise<Buffer | undefined> {
  const id = message.readInt32LE(4);
  const operation = message.readInt32LE(12);
  if (operation === OP_QUERY) return answerQuery(message, id);
  if (operation !== OP_MSG) throw new Error(`The gateway does not support the operation ${operation}.`);
  const flags = message.readInt32LE(HEADER_BYTES);
  const { body, sequence } = sectionsOf(message, message.length - (flags & FLAG_CHECKSUM ? 4 : 0));
  const reply = await run(body, sequence);
  if ((flags & FLAG_MORE_TO_COME) !== 0) return undefined;
  return encode(OP_MSG, id, [Buffer.alloc(5), reply]);
}

/** Reads an OP_QUERY message, which only the first hello of a connection uses. */
async function answerQuery(message: Buffer, id: number): Promise<Buffer> {
  const at = message.indexOf(0, HEADER_BYTES + 4) + 9;
  const reply = await run(message.subarray(at, at + message.readInt32LE(at)), null);
  const head = Buffer.alloc(20);
  head.writeInt32LE(1, 16);
  return encode(OP_REPLY, id, [head, reply]);
}

async function run(bytes: Buffer, sequence: Buffer | null): Promise<Buffer> {
  const document = deserialize(bytes, { useBigInt64: true, bsonRegExp: true });
  const name = Object.keys(document)[0] ?? "";
  const reply: Reply = await commands.run({ document, name, bytes, sequence });
  return Buffer.isBuffer(reply) ? reply : Buffer.from(serialize(reply, { ignoreUndefined: true }));
}

/** Reads an OP_MSG message: a command's document and, for a write, its documents or statements next to it. */
function sectionsOf(message: Buffer, end: number): { body: Buffer; sequence: Buffer | null } {
  let body = Buffer.alloc(0);
  let sequence: Buffer | null = null;
  for (let at = HEADER_BYTES + 4; at < end; ) {
    const kind = message[at];
    at += 1;
    const section = message.subarray(at, at + message.readInt32LE(at));
    at += section.length;
    if (kind === 0) body = Buffer.from(section);
    else sequence = section.subarray(section.indexOf(0, 4) + 1);
  }
  return { body, sequence };
}

function encode(operation: number, responseTo: number, parts: Buffer[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const size = parts.reduce((sum, part) => sum + part.length, HEADER_BYTES);
  for (const [index, value] of [size, 0, responseTo, operation].entries()) header.writeInt32LE(value, index * 4);
  return Buffer.concat([header, ...parts]);
}
