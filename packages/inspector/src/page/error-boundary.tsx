import { Component, type ReactNode } from "react";

/** Shows what went wrong in the page itself, instead of an empty one. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <main className="page" role="alert">
        <div className="empty">
          <h1>The page has failed</h1>
          <p>{error.message}</p>
          <button type="button" className="button primary" onClick={() => window.location.reload()}>
            Load it again
          </button>
        </div>
      </main>
    );
  }
}
