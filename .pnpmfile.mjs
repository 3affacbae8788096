// npm's packages of Node name their system and processor by a string. pnpm reads lists only, so it would install all of
// them everywhere.

const NODE = /^node-(bin-)?(darwin|linux|win)-/;

export const hooks = {
  readPackage(manifest) {
    if (NODE.test(manifest.name)) return { ...manifest, os: [manifest.os].flat(), cpu: [manifest.cpu].flat() };
    // Without the drivers of other databases: a package that also has one of these would get a TypeORM of its own.
    if (manifest.name === "typeorm") {
      return { ...manifest, peerDependencies: { pg: manifest.peerDependencies.pg }, peerDependenciesMeta: {} };
    }
    return manifest;
  },
};
