import { App } from "./app.tsx";
import { startPage } from "./start-page.tsx";
import "./styles/tokens.css";
import "./styles/layout.css";
import "./styles/parts.css";
import "./styles/dialog.css";
import "./styles/executions.css";
import "./styles/execution.css";
import "./styles/timeline.css";
import "./styles/values.css";
import "@xyflow/react/dist/style.css";
import "./styles/graph.css";

startPage(<App />);
