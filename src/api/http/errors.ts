/**
 * How requests are refused: every answer that is not a success is `{error: ErrorBody}`. Errors of fastify
 * are translated here, once; what nobody foresaw is logged and told as Internal.
 */
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { socketPaths } from '../core/paths.ts';
import { routes } from '../core/routes.ts';
import type { ApiOptions } from './options.ts';
import type { RefusalLog } from './refusal-log.ts';

/** Bodies are JSON in UTF-8 whatever the content type says: nothing else is ever meant. */
export function parseBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => {
    if (bytes.length === 0) return done(null, undefined);
    try {
      done(null, parseJson(bytes as Buffer));
    } catch (error) {
      done(error as SkepError);
    }
  });
}

/** Throws `InvalidRequest`. Bytes that are no UTF-8 are not guessed at: names would hold what nobody wrote. */
function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) {
    throw new SkepError('InvalidRequest', 'the body is not UTF-8', {
      field: 'body',
      hint: 'send one JSON object in UTF-8, not compressed',
    });
  }
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (error) {
    throw new SkepError('InvalidRequest', `the body is not JSON: ${messageOf(error)}`, {
      field: 'body',
      hint: 'send one JSON object',
      cause: error,
    });
  }
}

export interface ErrorAnswers {
  /** Answers with an error, and tells the log of it. */
  refuse(request: FastifyRequest, reply: FastifyReply, error: SkepError, status?: number): FastifyReply;
  /** What is thrown in this application is answered here, and what is at no path. */
  install(app: FastifyInstance): void;
}

export function errorAnswers(
  { log, identify }: Pick<ApiOptions, 'log' | 'identify'>,
  refusals: RefusalLog,
): ErrorAnswers {
  const refuse: ErrorAnswers['refuse'] = ({ raw }, reply, error, status = error.status) => {
    const { actor, address } = identify(raw);
    const what = `${raw.method} ${raw.url}`;
    refusals.note({ code: error.code, from: address, actor, what, reason: error.message });
    return reply.code(status).send({ error: error.toBody() });
  };
  return {
    refuse,
    install(app) {
      app.setErrorHandler((thrown, request, reply) => {
        const error = translate(thrown);
        if (error.code === 'Internal') {
          const stack = thrown instanceof Error ? thrown.stack : undefined;
          log.error('api.failed', {
            method: request.method,
            url: request.url,
            reason: error.message,
            stack,
          });
        }
        return refuse(request, reply, error);
      });
      app.setNotFoundHandler((request, reply) => notFound(request, reply, refuse));
    },
  };
}

function notFound(
  request: FastifyRequest,
  reply: FastifyReply,
  refuse: ErrorAnswers['refuse'],
): FastifyReply {
  const [path = ''] = request.url.split('?');
  const methods = methodsOf(path);
  if ((Object.values(socketPaths) as string[]).includes(path)) {
    const message = `${path} speaks WebSocket only`;
    const hint = 'ask for an upgrade to websocket';
    return refuse(request, reply, new SkepError('InvalidRequest', message, { hint }));
  }
  if (methods.length === 0) {
    const message = `there is nothing at ${request.method} ${path}`;
    const hint = 'paths begin with /v1/';
    return refuse(request, reply, new SkepError('ResourceNotFound', message, { hint }));
  }
  const message = `${request.method} is not possible on ${path}, only ${methods.join(' and ')}`;
  const allowing = reply.header('allow', methods.join(', '));
  return refuse(request, allowing, new SkepError('InvalidRequest', message), 405);
}

/** What can be done at a path by some other method. */
function methodsOf(path: string): string[] {
  const parts = path.split('/');
  const fits = (pattern: string): boolean => {
    const wanted = pattern.split('/');
    return (
      wanted.length === parts.length && wanted.every((part, i) => part.startsWith(':') || part === parts[i])
    );
  };
  const methods = Object.values(routes)
    .filter((route) => fits(route.path))
    .map((route) => route.method);
  return [...new Set<string>(methods)].sort();
}

/** Fastify's errors that a client can cause, by their code. */
export function translate(thrown: unknown): SkepError {
  if (thrown instanceof SkepError) return thrown;
  const { code, statusCode } = (thrown ?? {}) as { code?: unknown; statusCode?: unknown };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new SkepError('TooLarge', 'the body is larger than 1 MiB', {
      field: 'body',
      hint: 'send less: long values belong into files in the image',
    });
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new SkepError('InvalidRequest', messageOf(thrown), { cause: thrown });
  }
  return new SkepError('Internal', `something unforeseen went wrong: ${messageOf(thrown)}`, {
    hint: 'the log of the agent has the details: journalctl -u skep',
    cause: thrown,
  });
}
