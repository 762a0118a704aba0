/** Certificates for servers of tests. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** PEM files: the authority that signed, and a certificate for localhost with its key, which serves clients too. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** One certificate for localhost that is its own authority, by openssl. */
export function makeCertificates(folder: string): Certificates {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', key, '-out', cert],
    ],
    { stdio: 'pipe' },
  );
  return { ca: cert, cert, key };
}
