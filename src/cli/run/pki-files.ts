/**
 * What the data folder holds about trust, in `pki/` (0700; files 0600). `host.json` is the truth and is replaced in one
 * step; what etcd reads beside it is made from it. `founding.json` holds new authorities until the store has them,
 * `joining.json` the keys of a host that has asked and not been answered.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { SkepError } from '../../base/core/errors.ts';
import { certificatesIn } from '../../base/node/x509-facts.ts';
import { authoritiesSchema, authoritySchema } from '../../model/auth.ts';

/** `ca`: everything that is trusted, PEM, the one that signed the certificate first. */
const pairSchema = z.object({ ca: z.string(), certificate: z.string(), key: z.string() });
const shownSchema = z.object({ certificate: z.string(), key: z.string(), authority: z.string() });

export const hostPkiSchema = z.object({
  v: z.literal(1),
  clusterId: z.string(),
  cluster: pairSchema,
  /** Of which epoch of trust (model/trust.ts) all of this is; absent: 0. */
  trust: z.number().int().optional(),
  /** What a server shows of the older authority, to who does not know the newer one yet. */
  shown: z.array(shownSchema).optional(),
  /** Servers with an etcd of their own. */
  store: pairSchema.optional(),
  /** Certificates for etcd that count no more: their numbers, and the signed list, base64. */
  refused: z.object({ serials: z.array(z.string()), list: z.string() }).optional(),
  /**
   * Signs for etcd. A server keeps it beside etcd's data, which hold it too, so that servers which were off until their
   * certificates had expired can start.
   */
  storeAuthority: authoritySchema.optional(),
});
export type HostPki = z.infer<typeof hostPkiSchema>;

export const joiningSchema = z.object({ key: z.string(), storeKey: z.string() });

export interface StoreFiles {
  readonly caFile: string;
  readonly pairFile: string;
  readonly crlFile?: string;
}

/** The same authorities are the same text, whichever of them signs. */
const sorted = (pem: string): string =>
  certificatesIn(pem)
    .map((one) => one.toString())
    .sort()
    .join('');

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

export class PkiFolder {
  readonly path: string;

  constructor(dataDir: string) {
    this.path = join(dataDir, 'pki');
  }

  /**
   * What etcd reads. It reads the pair at each handshake, but the authorities only once: their file is named by what is
   * in it, so that an etcd which runs with other ones is known by its command line.
   */
  storeFilesOf({ store, trust, refused }: Pick<HostPki, 'store' | 'trust' | 'refused'>): StoreFiles {
    const name = trust === undefined ? 'store-ca.pem' : `store-ca-${digest(sorted(store?.ca ?? ''))}.pem`;
    const files = { caFile: join(this.path, name), pairFile: join(this.path, 'store.pem') };
    if (refused === undefined) return files;
    return { ...files, crlFile: join(this.path, `store-crl-${digest(refused.list)}.der`) };
  }

  readHost(): HostPki | undefined {
    return this.#read('host.json', hostPkiSchema);
  }

  writeHost(host: HostPki): void {
    const { store } = host;
    if (store !== undefined) {
      this.#write(basename(this.storeFilesOf(host).caFile), sorted(store.ca));
      const { crlFile } = this.storeFilesOf(host);
      if (crlFile !== undefined)
        this.#write(basename(crlFile), Buffer.from(host.refused?.list ?? '', 'base64'));
      this.#write('store.pem', store.certificate + store.key);
    }
    this.#write('host.json', `${JSON.stringify(host)}\n`);
  }

  readFounding() {
    return this.#read('founding.json', authoritiesSchema);
  }

  writeFounding(authorities: z.infer<typeof authoritiesSchema>): void {
    this.#write('founding.json', `${JSON.stringify(authorities)}\n`);
  }

  readJoining() {
    return this.#read('joining.json', joiningSchema);
  }

  writeJoining(keys: z.infer<typeof joiningSchema>): void {
    this.#write('joining.json', `${JSON.stringify(keys)}\n`);
  }

  forget(name: 'founding.json' | 'joining.json'): void {
    rmSync(join(this.path, name), { force: true });
  }

  #read<S extends z.ZodType>(name: string, schema: S): z.output<S> | undefined {
    const file = join(this.path, name);
    if (!existsSync(file)) return undefined;
    let json: unknown;
    try {
      json = JSON.parse(readFileSync(file, 'utf8'));
    } catch {
      json = undefined;
    }
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    throw new SkepError('InvalidConfig', `${file} cannot be read`, {
      hint: 'restore it from a backup, or move the folder pki away and join again with a token',
    });
  }

  /** In one step, and on the disk before anybody relies on it. */
  #write(name: string, text: string | Buffer): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const file = join(this.path, name);
    const descriptor = openSync(`${file}.new`, 'w', 0o600);
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(`${file}.new`, file);
  }
}
