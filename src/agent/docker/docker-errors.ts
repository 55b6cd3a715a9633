/**
 * What the container engine says, translated to the catalogue once: one table, first match wins. The engine
 * tells its failures apart by HTTP status and English text only, so this is the one place that reads text;
 * the phrases are those of Docker 20.10 to 29 and of Podman 4 and 5.
 */
import { type ErrorCode, SkepError } from '../../base/core/errors.ts';

/** The fields that docker-modem and Node put on their errors. */
interface ForeignError {
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly json?: unknown;
}

interface Rule {
  readonly text?: RegExp;
  /** HTTP status. */
  readonly status?: number;
  /** Node's code of a connection that failed. */
  readonly connection?: RegExp;
  readonly code: ErrorCode;
  /** What to say; `text` is the engine's own, made readable. Without it, `text` alone. */
  readonly say?: (text: string, address: string) => string;
  /** With Docker's commands; `engineHint` turns them into Podman's. */
  readonly hint?: string;
  /** Where Podman wants other words. */
  readonly podmanHint?: string;
}

const startEngine = 'start it: systemctl start docker (or: systemctl start podman.socket)';
const startPodman = 'start it: systemctl enable --now podman.socket';

const rules: readonly Rule[] = [
  {
    connection: /^(?:ENOENT|ECONNREFUSED|ENOTSOCK)$/,
    code: 'Unavailable',
    say: (_, address) => `no container engine answers at ${address}`,
    hint: startEngine,
    podmanHint: startPodman,
  },
  {
    connection: /^(?:EACCES|EPERM)$/,
    code: 'Unavailable',
    say: (_, address) => `the container engine's socket ${address} may not be opened by this user`,
    hint: 'run the agent as root, or put its user into the group docker',
    podmanHint: 'run the agent as root',
  },
  {
    connection: /./,
    code: 'Unavailable',
    say: (text, address) => `the connection to the container engine at ${address} failed: ${text}`,
    hint: 'see what it says: systemctl status docker; journalctl -u docker',
  },
  {
    text: /port is already allocated|address already in use/i,
    code: 'ResourceConflict',
    say: (text) => `a host port is taken: ${text}`,
    hint: 'see who holds it: ss -ltnp; keep other programs out of the range of host ports of this cell',
  },
  {
    text: /cannot assign requested address/i,
    code: 'InvalidRequest',
    say: (text) => `the address that host ports are bound on is not one of this host: ${text}`,
    hint: "set the cell's address to one that `ip address` shows",
  },
  { text: /name .* is already in use/i, code: 'ResourceExists' },
  {
    text: /no space left on device|disk quota exceeded/i,
    code: 'InsufficientResources',
    hint: 'make room: docker system df; docker image prune',
  },
  {
    text: /no such image|image not known|unable to find image/i,
    code: 'ResourceNotFound',
    hint: 'check the name and the tag',
  },
  {
    text: /toomanyrequests|rate limit|too many requests/i,
    code: 'Unavailable',
    hint: 'wait, or log in to the registry on this host: docker login',
  },
  {
    text: /pull access denied|access to the resource is denied|unauthorized|authentication required/i,
    code: 'ResourceNotFound',
    hint: 'check the name; for a private registry, log in on the host: docker login',
  },
  {
    text: /manifest unknown|manifest .*not found|name unknown|repository .* not found|no matching manifest|not found: .*manifest/i,
    code: 'ResourceNotFound',
    hint: 'check the name and the tag, and that the image exists for this kind of processor',
  },
  {
    text: /invalid reference format|invalid repository name|invalid tag|repository name must be/i,
    code: 'InvalidRequest',
    hint: 'write an image as in "nginx:1.27" or "registry.example.org/team/app:2"',
  },
  {
    text: /executable file (?:\S+ )?not found|exec format error|open executable: |exec: .*(?:no such file|permission denied|is a directory)/i,
    code: 'InvalidRequest',
    say: (text) => `the command cannot be run in this image: ${text}`,
    hint: 'check the path and that the file is executable and made for this kind of processor',
  },
  {
    text: /unable to find (?:user|group)|no matching entries in (?:passwd|group)/i,
    code: 'InvalidRequest',
    hint: "name a user of the image's /etc/passwd, or a number",
  },
  { text: /not a directory|too many (?:levels of symbolic )?links/i, code: 'InvalidRequest' },
  {
    text: /is not running|is paused|is restarting|is stopped|container state improper|not started|can only .* running/i,
    code: 'NotRunning',
  },
  {
    text: /dial tcp|lookup \S+|i\/o timeout|tls handshake|connection refused|connection reset|x509|server misbehaving|https client|request canceled|unexpected eof|: eof|pinging container registry/i,
    code: 'Unavailable',
    hint: 'check that this host reaches the registry, or load the image: docker load',
  },
  { status: 400, code: 'InvalidRequest' },
  { status: 404, code: 'ResourceNotFound' },
  { status: 409, code: 'ResourceConflict' },
  { status: 503, code: 'Unavailable' },
  { status: 500, code: 'Internal' },
];

/**
 * Translates whatever a call to the engine threw; what is ours already is returned as it is.
 * @param what the call, as `start container 3f2a…`
 * @param address where the engine listens, for messages
 */
export function engineError(error: unknown, what: string, address: string): SkepError {
  if (error instanceof SkepError) return error;
  const foreign = (typeof error === 'object' && error !== null ? error : {}) as ForeignError;
  const status = typeof foreign.statusCode === 'number' ? foreign.statusCode : undefined;
  const connection = status === undefined && typeof foreign.code === 'string' ? foreign.code : undefined;
  const text = readable(textOf(foreign, error));
  const rule = rules.find((candidate) => matches(candidate, { status, connection, text }));
  const said = rule?.say ? rule.say(text, address) : text;
  return new SkepError(rule?.code ?? 'Internal', `cannot ${what}: ${said}`, {
    hint: rule && hintOf(rule, address),
    cause: error,
  });
}

function hintOf({ hint, podmanHint }: Rule, address: string): string | undefined {
  if (podmanHint !== undefined && isPodman(address)) return podmanHint;
  return hint === undefined ? undefined : engineHint(hint, address);
}

/** A hint that names Docker's commands, with Podman's where that is what listens: they take the same words. */
export function engineHint(hint: string, address: string): string {
  return isPodman(address) ? hint.replaceAll('docker', 'podman') : hint;
}

const isPodman = (address: string): boolean => address.includes('podman');

/** The HTTP status that the engine answered with, if the error is such an answer. */
export function engineStatus(error: unknown): number | undefined {
  const status = (error as ForeignError | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

function matches(
  rule: Rule,
  failure: { status: number | undefined; connection: string | undefined; text: string },
): boolean {
  if (rule.connection) return failure.connection !== undefined && rule.connection.test(failure.connection);
  if (rule.text) return rule.text.test(failure.text);
  return rule.status === failure.status;
}

function textOf(foreign: ForeignError, error: unknown): string {
  const said = (foreign.json as { message?: unknown; cause?: unknown } | null | undefined)?.message;
  if (typeof said === 'string' && said) return said;
  return typeof foreign.message === 'string' ? foreign.message : String(error);
}

/** The layers that each pass an error on put their names in front of it; only the last one says what is wrong. */
const wrappings =
  /^(?:\(HTTP code \d+\) [^-]*- |Error response from daemon: |failed to create (?:shim(?: task)?|task for container): |OCI runtime (?:create|exec|start) failed: |runc (?:create|run|exec) failed: |crun: |exec failed: |(?:container|process|standard_init)_linux\.go:\d+: |(?:starting|running exec setns process for|exec) container process caused: |unable to start container process: |error during container init: |driver failed programming external connectivity on endpoint \S+(?: \([0-9a-f]+\))?: )/;

/** The engine's text as one line, without the names of its inner layers. */
function readable(text: string): string {
  let line = text.replace(/\s+/g, ' ').trim();
  for (let next = line.replace(wrappings, ''); next !== line; next = line.replace(wrappings, '')) line = next;
  return line.replace(/: unknown$/, '');
}
