import { useState } from "react";
import { Icon } from "./icon.tsx";

type Theme = "system" | "light" | "dark";
const KEY = "waymark-inspector-theme";
const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const NAMES: Record<Theme, string> = { system: "as the system", light: "light", dark: "dark" };

function stored(): Theme {
  try {
    const theme = window.localStorage.getItem(KEY);
    return theme === "light" || theme === "dark" ? theme : "system";
  } catch {
    return "system";
  }
}

/** Sets the colours that the viewer has chosen. */
export function applyTheme(theme: Theme = stored()): void {
  document.documentElement.dataset.theme = theme;
}

export function ThemeButton() {
  const [theme, setTheme] = useState(stored);
  const change = () => {
    const next = NEXT[theme];
    setTheme(next);
    applyTheme(next);
    try {
      window.localStorage.setItem(KEY, next);
    } catch {
      // It then lasts until the page is left.
    }
  };
  const name = `Colours: ${NAMES[theme]}`;
  return (
    <button type="button" className="icon-button" onClick={change} aria-label={name} title={name}>
      <Icon name={theme === "dark" ? "moon" : theme === "light" ? "sun" : "contrast"} />
    </button>
  );
}
