import { engine } from "./workflows";

engine.startRecovery();
process.once("SIGTERM", () => void engine.drain({ timeoutMs: 20_000 }));
