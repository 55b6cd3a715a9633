/**
 * Where the container engine listens: what the operator named, else the first well-known socket that exists.
 * Asked when the runtime is built, and by the doctor: both have to look at the same engine.
 */
import { existsSync } from 'node:fs';
import { SkepError } from '../../base/core/errors.ts';

export type EngineAddress =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** In this order: Docker Engine first, because a host with both runs its workloads there. */
const wellKnownSockets = ['/var/run/docker.sock', '/run/podman/podman.sock'] as const;

/** Replaced in tests. */
export interface EngineSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly exists: (path: string) => boolean;
}

/**
 * Finds the engine. Without any socket it answers Docker's own path: the engine may come up later.
 * @param configured a `unix://` or `tcp://` URL from skep.yaml; undefined: DOCKER_HOST counts
 * @throws InvalidConfig for a URL of another kind
 */
export function findEngine(
  configured: string | undefined,
  { environment, exists }: EngineSurroundings = { environment: process.env, exists: existsSync },
): EngineAddress {
  const dockerHost = configured ?? environment['DOCKER_HOST'];
  if (dockerHost) return parseDockerHost(dockerHost);
  return { kind: 'socket', path: wellKnownSockets.find((path) => exists(path)) ?? wellKnownSockets[0] };
}

/** How messages call the engine's address. */
export function addressText(address: EngineAddress): string {
  return address.kind === 'socket' ? address.path : `tcp://${address.host}:${address.port}`;
}

function parseDockerHost(dockerHost: string): EngineAddress {
  const path = /^unix:\/\/(\/.+)$/.exec(dockerHost)?.[1];
  if (path) return { kind: 'socket', path };
  const tcp = /^tcp:\/\/(?:\[([0-9a-fA-F:]+)\]|([^:/[\]]+))(?::(\d{1,5}))?\/?$/.exec(dockerHost);
  const host = tcp?.[1] ?? tcp?.[2];
  if (host) return { kind: 'tcp', host, port: Number(tcp?.[3] ?? 2375) };
  throw new SkepError('InvalidConfig', `the container engine's address "${dockerHost}" is not understood`, {
    field: 'dockerHost',
    hint: 'write unix:///var/run/docker.sock or tcp://127.0.0.1:2375, or unset DOCKER_HOST',
  });
}
