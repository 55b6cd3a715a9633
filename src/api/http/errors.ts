/**
 * How requests are refused: every answer that is not a success is `{error: ErrorBody}`. Errors of fastify
 * are translated here, once; what nobody foresaw is logged and told as Internal.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';
import { socketPaths } from '../core/paths.ts';
import { routes } from '../core/routes.ts';

/** Bodies are JSON whatever the content type says: nothing else is ever meant. */
export function parseBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => {
    if (text.length === 0) return done(null, undefined);
    try {
      done(null, JSON.parse(text as string) as unknown);
    } catch (error) {
      done(
        new SkepError('InvalidRequest', `the body is not JSON: ${messageOf(error)}`, {
          field: 'body',
          hint: 'send one JSON object',
        }),
      );
    }
  });
}

export function answerErrors(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = translate(thrown);
    if (error.code === 'Internal') {
      const stack = thrown instanceof Error ? thrown.stack : undefined;
      log.error('api.failed', { method: request.method, url: request.url, reason: error.message, stack });
    }
    return refuse(reply, error);
  });
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?');
    const methods = methodsOf(path);
    if ((Object.values(socketPaths) as string[]).includes(path)) {
      const message = `${path} speaks WebSocket only`;
      return refuse(
        reply,
        new SkepError('InvalidRequest', message, { hint: 'ask for an upgrade to websocket' }),
      );
    }
    if (methods.length === 0) {
      const message = `there is nothing at ${request.method} ${path}`;
      return refuse(reply, new SkepError('ResourceNotFound', message, { hint: 'paths begin with /v1/' }));
    }
    const message = `${request.method} is not possible on ${path}, only ${methods.join(' and ')}`;
    return refuse(reply.header('allow', methods.join(', ')), new SkepError('InvalidRequest', message), 405);
  });
}

/** Answers with an error. */
export function refuse(reply: FastifyReply, error: SkepError, status: number = error.status): FastifyReply {
  return reply.code(status).send({ error: error.toBody() });
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
