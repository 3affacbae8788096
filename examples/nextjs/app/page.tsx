import { order } from "@/lib/order";
import { Canvas } from "./canvas";

export default function Page() {
  return <Canvas nodes={order.nodes} edges={order.edges} />;
}
