export default {
  // `pnpm types` checks them: the build of Next.js cannot use TypeScript 7.
  typescript: { ignoreBuildErrors: true },
};
