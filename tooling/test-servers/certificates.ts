import { generate } from "selfsigned";

/** A certificate and its key, in PEM format. */
export interface Certificate {
  cert: string;
  key: string;
}

/** A certificate authority. */
export interface CertificateAuthority {
  /** Its own certificate in PEM format, which a client must trust. */
  cert: string;
  /** Makes a certificate for a server with this host name, or for a client with this name. */
  issue(name: string, validity?: { from: Date; to: Date }): Promise<Certificate>;
}

/** Makes a new certificate authority. */
export async function newCertificateAuthority(own: string): Promise<CertificateAuthority> {
  const { cert, private: key } = await generate([{ name: "commonName", value: own }], {
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return {
    cert,
    issue: async (name, validity) => {
      const issued = await generate([{ name: "commonName", value: name }], {
        algorithm: "sha256",
        ca: { cert, key },
        extensions: [
          { name: "basicConstraints", cA: false },
          { name: "extKeyUsage", serverAuth: true, clientAuth: true },
          { name: "subjectAltName", altNames: [{ type: 2, value: name }] },
        ],
        ...(validity === undefined ? {} : { notBeforeDate: validity.from, notAfterDate: validity.to }),
      });
      return { cert: issued.cert, key: issued.private };
    },
  };
}
