/**
 * Rows of routes: what `routes` of the LRPs says under each router's key. Its shape is the operator's: an object
 * or a list of objects with `hostnames`, `hostname`, `host` or `uri` and maybe a `port`, or plain names. Where no
 * name is found the row has the router's key.
 */
import { type DesiredLrp, wantedInstances } from '../../model/desired-lrp.ts';
import type { ClusterState } from '../../store/core/state.ts';
import type { LrpCounter } from './lrp-counts.ts';
import { desiredOf } from './lrps.ts';
import { clipText, noLabels, type ViewSource } from './source.ts';

interface Route {
  readonly name: string;
  readonly port: number | null;
}

/** Routes that are shown of one LRP; it may have 128 KiB of them. */
const routesMax = 256;

/** The routes of an LRP in their order, each name and port once. */
export function routesOf(routes: Readonly<Record<string, unknown>>): Route[] {
  const found = new Map<string, Route>();
  for (const [router, value] of Object.entries(routes)) {
    const named = namesIn(value, null, 0);
    for (const route of named.length === 0 ? [{ name: router, port: portIn(value) }] : named) {
      if (found.size < routesMax) found.set(`${route.name} ${route.port ?? ''}`, route);
    }
  }
  return [...found.values()];
}

/** Deeper than this nobody looks for names. */
const depthMax = 4;

function namesIn(value: unknown, port: number | null, depth: number): Route[] {
  if (typeof value === 'string') return value === '' ? [] : [{ name: clipText(value), port }];
  if (depth > depthMax) return [];
  if (Array.isArray(value)) return value.flatMap((each) => namesIn(each, port, depth + 1));
  if (typeof value !== 'object' || value === null) return [];
  const here = value as Readonly<Record<string, unknown>>;
  const named = here['hostnames'] ?? here['hostname'] ?? here['host'] ?? here['uri'] ?? here['routes'];
  return namesIn(named, portIn(value) ?? port, depth + 1);
}

function portIn(value: unknown): number | null {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof first !== 'object' || first === null || !('port' in first)) return null;
  return typeof first.port === 'number' ? first.port : null;
}

/** `web#0`: a guid holds no `#`. */
function split(key: string): { readonly guid: string; readonly place: number } {
  const at = key.indexOf('#');
  return { guid: key.slice(0, at), place: Number(key.slice(at + 1)) };
}

/** A record never changes: its routes are looked for once. */
const looked = new WeakMap<DesiredLrp, readonly Route[]>();

/** None of an LRP that is not there or was removed. */
function routesOfLrp(state: ClusterState, guid: string): readonly Route[] {
  const desired = desiredOf(state, guid);
  if (desired === undefined || desired.removedAt !== undefined) return [];
  const routes = looked.get(desired) ?? routesOf(desired.routes);
  looked.set(desired, routes);
  return routes;
}

function routeOf(state: ClusterState, key: string): Route | undefined {
  const { guid, place } = split(key);
  return routesOfLrp(state, guid)[place];
}

export function routesSource(counter: LrpCounter): ViewSource {
  /** How many routes an LRP had when it was looked at last: those that go must be told too. */
  const known = new Map<string, number>();

  function* keysOfLrp(state: ClusterState, guid: string): Generator<string> {
    const count = routesOfLrp(state, guid).length;
    const before = known.get(guid) ?? 0;
    if (count === 0) known.delete(guid);
    else known.set(guid, count);
    for (let place = 0; place < Math.max(count, before); place++) yield `${guid}#${place}`;
  }

  return {
    keyColumn: undefined,
    scopes: ['guid', 'domain'],
    *keys(state, { guid }) {
      for (const each of guid === undefined ? state.desired.keys() : [guid]) yield* keysOfLrp(state, each);
    },
    *touched(touched, state) {
      for (const guid of touched.lrps.keys()) yield* keysOfLrp(state, guid);
    },
    estimate: (state) => state.desired.size,
    stateOf(state, key, { guid, domain }) {
      const desired = desiredOf(state, split(key).guid);
      if (desired === undefined || (guid !== undefined && desired.guid !== guid)) return undefined;
      if (domain !== undefined && desired.domain !== domain) return undefined;
      return routeOf(state, key) === undefined ? undefined : '';
    },
    values(state, key) {
      const route = routeOf(state, key);
      const desired = desiredOf(state, split(key).guid);
      if (route === undefined || desired === undefined) return undefined;
      return {
        route: route.name,
        lrp: desired.guid,
        port: route.port,
        ready: counter.of(state, desired.guid).ready,
        desired: wantedInstances(desired),
      };
    },
    labels: (state, key) => desiredOf(state, split(key).guid)?.labels ?? noLabels,
  };
}
