import { Icon } from "../icon.tsx";
import { hrefOf, Link } from "../router.tsx";

/** The way to the first and to the next page. The one before is a step back in the browser. */
export function Pager(props: {
  path: string;
  filters: object & { cursor?: string | undefined };
  nextCursor: string | undefined;
}) {
  const { path, filters, nextCursor } = props;
  if (nextCursor === undefined && filters.cursor === undefined) return null;
  return (
    <nav className="pager" aria-label="Pages of the list">
      {filters.cursor !== undefined && (
        <>
          <button type="button" className="button" onClick={() => window.history.back()}>
            <Icon name="back" /> Back
          </button>
          <Link className="button" href={hrefOf(path, { ...filters, cursor: undefined })}>
            First page
          </Link>
        </>
      )}
      {nextCursor !== undefined && (
        <Link className="button" href={hrefOf(path, { ...filters, cursor: nextCursor })}>
          Next page <Icon name="next" />
        </Link>
      )}
    </nav>
  );
}
