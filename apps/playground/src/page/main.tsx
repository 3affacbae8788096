import { startPage } from "@waymark/inspector/page/start-page.tsx";
import { App } from "./app.tsx";
import "@waymark/inspector/page/styles/tokens.css";
import "@waymark/inspector/page/styles/layout.css";
import "@waymark/inspector/page/styles/parts.css";
import "@waymark/inspector/page/styles/dialog.css";
import "@waymark/inspector/page/styles/values.css";
import "@xyflow/react/dist/style.css";
import "@waymark/inspector/page/styles/graph.css";
import "./playground.css";

startPage(<App />);
