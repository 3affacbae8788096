import { Icon } from "../icon.tsx";
import { say } from "./toast.tsx";

/** Copies a text, which is made when it is wanted. */
export function CopyButton({ text, name, children }: { text: () => string; name: string; children?: string }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      say(`${name} copied.`);
    } catch {
      say("The browser does not let the page copy.", "bad");
    }
  };
  return (
    <button
      type="button"
      className={children === undefined ? "icon-button small" : "button small"}
      onClick={() => void copy()}
      aria-label={children === undefined ? `Copy ${name}` : undefined}
      title={`Copy ${name}`}
    >
      <Icon name="copy" size={14} /> {children}
    </button>
  );
}
