import { connection } from "./connection.ts";

/** An answer of the server that is no success. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Returns the JSON of a response, and notes if the server can be reached. @throws {ApiError} */
export async function resultOf<T>(sent: Promise<{ ok: boolean; status: number; json(): Promise<T> }>): Promise<T> {
  let response: Awaited<typeof sent>;
  try {
    response = await sent;
  } catch {
    connection.set("unreachable");
    throw new ApiError(0, "UNREACHABLE", "The server cannot be reached.");
  }
  if (response.ok) {
    connection.set("online");
    return response.json();
  }
  const { code, message } = await problemOf(response);
  connection.set(response.status === 503 ? "store-away" : "online");
  throw new ApiError(response.status, code, message);
}

async function problemOf(response: {
  status: number;
  json(): Promise<unknown>;
}): Promise<{ code: string; message: string }> {
  try {
    const { error } = (await response.json()) as { error?: { code?: unknown; message?: unknown } };
    if (typeof error?.code === "string" && typeof error.message === "string") {
      return { code: error.code, message: error.message };
    }
  } catch {
    // A proxy's page, say.
  }
  return { code: `HTTP_${response.status}`, message: `The server has answered with status ${response.status}.` };
}
