/**
 * A registry on loopback, which Docker trusts without TLS: serves one tiny image and knows no other. Counts
 * what it is asked, can refuse, and can fall silent.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

export interface Registry {
  /** `127.0.0.1:port/name:tag` of the image that is there. */
  readonly image: string;
  /** `127.0.0.1:port` */
  readonly host: string;
  /** How often layers were fetched. */
  readonly layerFetches: () => number;
  close(): Promise<void>;
}

interface Blob {
  readonly digest: string;
  readonly body: Buffer;
  readonly type: string;
}

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

export async function startRegistry(): Promise<Registry> {
  // Unlike any image that an earlier run left, so that each pull is a real one.
  const { manifest, config, layer } = await tinyImage(`made by ${process.pid} at ${Date.now()}\n`);
  let layerFetches = 0;
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '';
    if (path === '/v2/') return void response.writeHead(200).end('{}');
    if (path === '/v2/team/private/manifests/1')
      return refuse(response, 401, 'UNAUTHORIZED', 'authentication required');
    const blob = [manifest, config, layer].find(
      ({ digest }) =>
        path === `/v2/team/tiny/blobs/${digest}` || path === `/v2/team/tiny/manifests/${digest}`,
    );
    const found = path === '/v2/team/tiny/manifests/1' ? manifest : blob;
    if (found === undefined) return refuse(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    if (found === layer && request.method === 'GET') layerFetches += 1;
    response.writeHead(200, {
      'content-type': found.type,
      'content-length': found.body.length,
      'docker-content-digest': found.digest,
    });
    response.end(request.method === 'HEAD' ? undefined : found.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    image: `${host}/team/tiny:1`,
    host,
    layerFetches: () => layerFetches,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}

async function tinyImage(content: string): Promise<{ manifest: Blob; config: Blob; layer: Blob }> {
  const archive = pack();
  archive.entry({ name: 'marker' }, content);
  archive.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of archive) parts.push(part as Uint8Array);
  const tar = Buffer.concat(parts);
  const layer = blob(gzipSync(tar), 'application/vnd.docker.image.rootfs.diff.tar.gzip');
  const config = blob(
    JSON.stringify({
      architecture: architectures[process.arch] ?? process.arch,
      os: 'linux',
      config: { Cmd: ['/marker'] },
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    }),
    'application/vnd.docker.container.image.v1+json',
  );
  const describe = ({ type, body, digest }: Blob) => ({ mediaType: type, size: body.length, digest });
  const manifest = blob(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: describe(config),
      layers: [describe(layer)],
    }),
    manifestType,
  );
  return { manifest, config, layer };
}

function blob(content: string | Buffer, type: string): Blob {
  const body = Buffer.from(content);
  return { digest: digestOf(body), body, type };
}

const digestOf = (body: Buffer): string => `sha256:${createHash('sha256').update(body).digest('hex')}`;
