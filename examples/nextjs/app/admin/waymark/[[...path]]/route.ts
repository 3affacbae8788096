import { createInspector } from "@waymark/inspector";
import { engine } from "@/lib/workflows";

const inspector = createInspector({
  engine,
  basePath: "/admin/waymark",
  authorize: (request) => {
    // From your session. `false` refuses the request.
    const isAdmin = request.headers.get("cookie")?.includes(`admin=${process.env.ADMIN_SECRET}`);
    return isAdmin === true && { actions: true };
  },
});

export const dynamic = "force-dynamic";
export const GET = inspector.fetch;
export const POST = inspector.fetch;
