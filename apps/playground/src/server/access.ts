import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** An accepted request, or the reason for refusing it. */
export type Admission = { path: string } | { status: 403; message: string };

/** The path for questions to a language model. */
export const MODEL_PATH = "/v1/messages";

/**
 * Decides which requests the services answer: those of workflows on this machine, but not those of a page in the user's
 * browser.
 *
 * - The address of the services has a random token. Questions to a language model need the token and a JSON content
 *   type, because they may be forwarded with the user's key.
 */
export class Access {
  readonly #token = randomBytes(16).toString("hex");
  #origin = "";

  /** Sets the server's own address, and returns the address with the token: `http://127.0.0.1:PORT/TOKEN`. */
  open(origin: string): string {
    this.#origin = origin;
    return `${origin}/${this.#token}`;
  }

  admit(request: IncomingMessage): Admission {
    const { host, origin } = request.headers;
    if (host === undefined || `http://${host}` !== this.#origin) return refused("another Host than the server's own");
    if (origin !== undefined && origin !== this.#origin) return refused("a foreign Origin");
    const { url = "/" } = request;
    if (!URL.canParse(url, this.#origin)) return refused("no path");
    const { pathname } = new URL(url, this.#origin);
    const [, first = "", ...rest] = pathname.split("/");
    const hasToken = isSame(first, this.#token);
    const path = hasToken ? `/${rest.join("/")}` : pathname;
    if (path !== MODEL_PATH) return { path };
    if (!hasToken) return refused("no token in the address");
    const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
    if (type !== "application/json") return refused("another content type than application/json");
    return { path };
  }
}

function refused(reason: string): Admission {
  return { status: 403, message: `Refused: ${reason}.` };
}

function isSame(given: string, token: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(token)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}
