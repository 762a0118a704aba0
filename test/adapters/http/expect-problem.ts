import { expect } from 'vitest';
import { Problem } from '../../../adapters/http/answers.ts';
import type { Answered } from './open-door.ts';

/** A problem as RFC 9457 and the house have it: its media type, all its members, and its correlation id in the header too. */
export function expectProblem(answer: Answered, status: number, code: string): void {
  expect(answer.json, answer.text).toMatchObject({ status, code, type: `urn:reckoner:error:${code}` });
  expectAnyProblem(answer);
  expect(answer.status).toBe(status);
}

export function expectAnyProblem(answer: Answered): void {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const problem = Problem.strict().parse(answer.json);
  expect(problem.status).toBe(answer.status);
  expect(problem.remedy.length).toBeGreaterThan(10);
  expect(problem.detail.length).toBeGreaterThan(5);
  expect(answer.headers.get('x-request-id')).toBe(problem.correlationId);
  if (problem.status === 503) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
}
