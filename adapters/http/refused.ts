/**
 * Answers to what never became a request: bytes that are no HTTP, headers without end, a request that stalls. Node has no
 * response object for these, so the answer is written to the socket by hand, and the connection ends.
 */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { RequestError } from '@hono/node-server';
import { ReckonerError } from '../../events/errors.ts';
import { type DoorLog, reported } from './failures.ts';
import { problemHeaders, problemJson } from './problem.ts';

/** What the parser or a timer of Node's server says of a connection. */
export function refusalOf(code: string | undefined): ReckonerError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new ReckonerError('headers_too_large', 'The request line and headers are larger than 16 KiB.');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new ReckonerError('payload_too_large', 'The chunks of the body carry too many extensions.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ReckonerError('request_timeout', 'The request had not arrived in time.');
    default:
      return new ReckonerError('request_invalid', 'What arrived is not a valid HTTP/1.1 request.', {
        remedy: 'Send HTTP/1.1 as RFC 9112 has it; any HTTP client library does.',
      });
  }
}

/** The answer to a request that the application never saw, or of which it knew nothing to say. */
export function answerUnserved(thrown: unknown, log: DoorLog | undefined): Response {
  const correlationId = randomUUID();
  const problem = reported(thrown instanceof RequestError ? noUrl() : thrown, correlationId, log);
  const headers = { ...problemHeaders(problem), 'x-request-id': correlationId };
  return Response.json(problemJson(problem, correlationId), { status: problem.status, headers });
}

/** The adapter makes a URL of the request target and the Host header before anything else. */
function noUrl(): ReckonerError {
  return new ReckonerError('request_invalid', 'The request target and the Host header make no URL.', {
    remedy: 'Ask for a path that begins with a slash, under a valid Host; GET /openapi.json lists the paths.',
  });
}

/** Writes the refusal, if anybody still listens, and closes. */
export function refuse(socket: Duplex, refusal: ReckonerError): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const correlationId = randomUUID();
  const { problem } = refusal;
  const body = JSON.stringify(problemJson(problem, correlationId));
  const headers = {
    ...problemHeaders(problem),
    'content-length': Buffer.byteLength(body),
    'x-request-id': correlationId,
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
  // Bytes that were never read would turn the close into a reset and lose the answer: drop them, for a moment at most.
  socket.resume();
  const end = setTimeout(() => socket.destroy(), 1000);
  end.unref();
  socket.once('close', () => clearTimeout(end));
}
