import { type OwnTestServer, register, unregister } from "../registry.ts";
import { startTcpProxy, type TcpProxy } from "../tcp-proxy.ts";
import { type Engine, type EngineOptions, type EnginePair, startEngine, startEnginePair } from "./engine.ts";
import { type GatewayProcess, startGateway } from "./gateway-process.ts";

/** The options of a DocumentDB server. */
export interface DocumentDbOptions extends EngineOptions {
  /** Returns whether a server answers at an address. */
  isReady: (url: string) => Promise<boolean>;
}

/** A DocumentDB server with access to its engine. */
export interface DocumentDb extends OwnTestServer {
  engine: Engine;
  /** Starts another gateway, whose commands run as another role of the engine. It ends with the server. */
  gatewayAs(role: string): Promise<string>;
}

/** A DocumentDB server with a standby. */
export interface DocumentDbPair {
  /** The MongoDB address of the gateway, in front of either engine. */
  url: string;
  /** The MongoDB address of the standby. */
  standbyUrl: string;
  engines: EnginePair;
  /** The network between the gateway and its engine, which is the primary at first. */
  proxy: TcpProxy;
  stop(): Promise<void>;
}

/** Starts the DocumentDB engine behind the gateway. The two processes are one server for the tests. */
export async function startDocumentDb({ isReady, ...options }: DocumentDbOptions): Promise<DocumentDb> {
  const engine = await startEngine(options);
  const gateways: GatewayProcess[] = [];
  const open = async (engineUrl: string) => {
    const gateway = await startGateway(engineUrl, isReady);
    gateways.push(gateway);
    return gateway;
  };
  const { url } = await open(engine.url).catch(async (error) => {
    await engine.stop();
    throw error;
  });
  const kill = () => Promise.all([engine.kill(), ...gateways.map((gateway) => gateway.kill())]);
  const self: DocumentDb = register({
    name: "DocumentDB (PostgreSQL 18) behind the gateway",
    url,
    engine,
    gatewayAs: async (role) => (await open(Object.assign(new URL(engine.url), { username: role }).href)).url,
    kill: async () => {
      await kill();
    },
    restart: async () => {
      await kill();
      await engine.restart();
      for (const gateway of gateways) await gateway.start();
    },
    stop: async () => {
      unregister(self);
      await Promise.all([engine.stop(), ...gateways.map((gateway) => gateway.stop())]);
    },
  });
  return self;
}

/** Starts a pair of engines behind one gateway. */
export async function startDocumentDbPair({ isReady, ...options }: DocumentDbOptions): Promise<DocumentDbPair> {
  const engines = await startEnginePair(options);
  const { hostname: host, port } = new URL(engines.primary.url);
  const proxy = await startTcpProxy({ host, port: Number(port) });
  try {
    const gateway = await startGateway(proxy.urlFor(engines.primary.url), isReady);
    const standbyGateway = await startGateway(engines.standby.url, isReady);
    const stop = async () => {
      await Promise.all([gateway.stop(), standbyGateway.stop()]);
      await proxy.close();
      await engines.stop();
    };
    return { url: gateway.url, standbyUrl: standbyGateway.url, engines, proxy, stop };
  } catch (error) {
    await proxy.close();
    await engines.stop();
    throw error;
  }
}
