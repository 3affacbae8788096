import { createHash } from "node:crypto";

/** Makes the record of a service. The same path and query always lead to the same record. */
type Reader = (match: RegExpExecArray, query: URLSearchParams) => unknown;

const CITIES = ["Lisbon", "Utrecht", "Graz", "Porto", "Leipzig", "Ghent", "Turku", "Brno"];
const NAMES = ["Ana Prado", "Joris Vermeer", "Lena Huber", "Tomas Novak", "Ida Lind", "Marc Oliver", "Eva Kuhn"];
const INDUSTRIES = ["logistics", "software", "retail", "manufacturing", "healthcare"];
const METRICS = ["sessions", "signups", "revenue", "churn", "tickets", "uptime", "refunds", "spend"];

const readers: readonly [RegExp, Reader][] = [
  [/^\/shop\/orders\/([\w-]+)$/, (match) => order(match[1] as string)],
  [/^\/shop\/products$/, (_, query) => products(Number(query.get("limit") ?? 20))],
  [/^\/crm\/contacts$/, (_, query) => contact(query.get("email") ?? "")],
  [/^\/crm\/segments\/([\w-]+)$/, (match) => segment(match[1] as string)],
  [/^\/enrichment\/companies$/, (_, query) => company(query.get("domain") ?? "")],
  [/^\/risk\/scores$/, (_, query) => ({ score: number(`risk ${query.get("email")}`, 100) })],
  [/^\/rates\/(\w{3})$/, (match) => ({ base: match[1], usd: 1 + number(`rate ${match[1]}`, 40) / 100 })],
  [/^\/shipping\/shipments\/([\w-]+)$/, (match, query) => shipment(match[1] as string, Number(query.get("look") ?? 1))],
  [/^\/tickets\/([\w-]+)$/, (match) => ticket(match[1] as string)],
  [/^\/analytics\/(\w+)$/, (match, query) => metric(match[1] as string, query.get("month") ?? "")],
];

/** Returns the record at a path, or `undefined` if there is none. */
export function readRecord(path: string, query: URLSearchParams): unknown {
  for (const [pattern, read] of readers) {
    const match = pattern.exec(path);
    if (match !== null) return read(match, query);
  }
  return undefined;
}

/** Returns the answer to a change that was carried out. The same request gets the same id. */
export function receipt(path: string, signature: string): Record<string, unknown> {
  const kind = path.split("/").filter(Boolean).at(-1)?.replace(/s$/, "") ?? "record";
  return { id: `${kind.slice(0, 12)}_${signature.slice(0, 10)}`, status: "accepted" };
}

function order(id: string) {
  const lines = Array.from({ length: 2 + number(id, 4) }, (_, index) => ({
    sku: `SKU-${1000 + number(`${id} ${index}`, 900)}`,
    quantity: 1 + number(`${id} q${index}`, 4),
    unitPrice: 5 + number(`${id} p${index}`, 20_000) / 100,
  }));
  const name = pick(NAMES, id);
  return { id, currency: "EUR", customer: { name, email: emailOf(name), city: pick(CITIES, id) }, lines };
}

function products(limit: number) {
  return Array.from({ length: Math.min(Math.max(0, limit), 5_000) }, (_, index) => ({
    sku: `SKU-${1000 + index}`,
    title: `Article ${index + 1}`,
    cost: 2 + number(`cost ${index}`, 9_800) / 100,
    price: 4 + number(`price ${index}`, 19_600) / 100,
    stock: number(`stock ${index}`, 250),
  }));
}

function contact(email: string) {
  return {
    id: `contact_${digest(email).slice(0, 8)}`,
    email,
    city: pick(CITIES, email),
    owner: pick(NAMES, `o ${email}`),
  };
}

function segment(name: string) {
  const members = Array.from({ length: 24 }, (_, index) => {
    const person = pick(NAMES, `${name} ${index}`);
    const phone = `+49151${String(1_000_000 + number(`${name} phone ${index}`, 8_999_999))}`;
    return { id: `${name}-${index + 1}`, name: person, phone, consent: number(`${name} c${index}`, 10) > 1 };
  });
  return { name, members };
}

function company(domain: string) {
  return { domain, industry: pick(INDUSTRIES, domain), employees: 5 + number(domain, 900), country: "DE" };
}

/** A shipment comes nearer with every look, and arrives at the fourth. */
function shipment(id: string, look: number) {
  const delivered = look >= 4;
  return { id, delivered, place: delivered ? "at the door" : pick(CITIES, `${id} ${look}`) };
}

function ticket(id: string) {
  return {
    id,
    from: emailOf(pick(NAMES, id)),
    subject: "Charged twice for March",
    body: "Our card was charged twice for the March invoice. Please refund the second payment today, our books close at six.",
  };
}

function metric(name: string, month: string) {
  const known = METRICS.includes(name) ? name : "other";
  const value = 1_000 + number(`${known} ${month}`, 90_000);
  return { metric: name, month, value, previous: value - 500 + number(`previous ${known} ${month}`, 1_000) };
}

function emailOf(name: string): string {
  return `${name.toLowerCase().replaceAll(" ", ".")}@example.com`;
}

function pick<T>(list: readonly T[], seed: string): T {
  return list[number(seed, list.length)] as T;
}

/** Returns a number from 0 to `below` - 1, always the same for the same seed. */
function number(seed: string, below: number): number {
  return Number.parseInt(digest(seed).slice(0, 8), 16) % below;
}

function digest(seed: string): string {
  return createHash("sha256").update(seed).digest("hex");
}
