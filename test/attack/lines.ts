/**
 * The connections of the fuzzer's callers, one each, used for request after request as HTTP clients do. Called by
 * fuzz.ts. A request that met a connection which the server was just ending because nobody used it is sent again on a
 * new one; a connection that is ended for any other reason is for the fuzzer to complain of.
 */
import type { RawAnswer, RawHttp } from '../kit/raw-http.ts';
import type { SpoiledRequest } from './requests.ts';

export class Lines {
  readonly #open = new Map<string, RawHttp>();

  /** The answer; undefined: the connection was ended without one. @param open a new connection of this caller */
  async ask(
    caller: string,
    open: () => Promise<RawHttp>,
    request: SpoiledRequest,
  ): Promise<RawAnswer | undefined> {
    const kept = this.#open.get(caller);
    if (kept?.isOpen) {
      const answer = await this.#askOn(kept, caller, request);
      if (answer !== undefined || !kept.endedUnused) return answer;
    }
    return await this.#askOn(await open(), caller, request);
  }

  close(): void {
    for (const line of this.#open.values()) line.close();
    this.#open.clear();
  }

  /** Keeps the connection for the next request, unless this one ended it or may have left half a request in it. */
  async #askOn(line: RawHttp, caller: string, request: SpoiledRequest): Promise<RawAnswer | undefined> {
    this.#open.set(caller, line);
    const answer = await line.ask(request.bytes, request.method !== 'HEAD');
    const isOver = answer === undefined || answer.status === 101 || request.breaksFraming;
    if (isOver || answer.headers.get('connection') === 'close') {
      line.close();
      this.#open.delete(caller);
    }
    return answer;
  }
}
