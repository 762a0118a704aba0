import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as analyticsAnswers from '../../../adapters/http/analytics-answers.ts';
import * as answers from '../../../adapters/http/answers.ts';
import type { ApiDocument, Operation } from '../../../adapters/http/api-document.ts';
import * as posteriorAnswers from '../../../adapters/http/posterior-answers.ts';
import * as rollbackAnswers from '../../../adapters/http/rollback-answers.ts';
import { createRoutes } from '../../../adapters/http/routes.ts';
import { errorCodes } from '../../../events/errors.ts';
import { openRealDoor, type TestDoor } from './open-door.ts';

let door: TestDoor;
let api: ApiDocument;
let page: string;
let policy: string;
beforeAll(async () => {
  door = await openRealDoor();
  api = (await door.call('GET', '/openapi.json')).json;
  const shown = await door.call('GET', '/docs');
  page = shown.text;
  policy = shown.headers.get('content-security-policy') ?? '';
});
afterAll(() => door.close());

const operations = () =>
  Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, Operation] => [method, path, operation]),
  );

describe('the OpenAPI document', () => {
  test('lists every route and no other', () => {
    const routes = createRoutes(
      'x',
      () => api,
      () => '',
    ).map((route) => `${route.method} ${route.path}`);
    expect(
      operations()
        .map(([method, path]) => `${method.toUpperCase()} ${path}`)
        .sort(),
    ).toEqual(routes.sort());
  });

  test('is OpenAPI 3.1 by structure', () => {
    expect(api.openapi).toMatch(/^3\.1\.\d$/);
    expect(api.info).toMatchObject({ title: 'Reckoner', version: '0.0.0-test' });
    const ids = operations().map(([, , operation]) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, path, operation] of operations()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((found) => found[1]);
      const declared = operation.parameters.filter((parameter) => parameter.in === 'path' && parameter.required);
      expect(declared.map((parameter) => parameter.name)).toEqual(inPath);
      expect(operation.tags.every((tag) => api.tags.some(({ name }) => name === tag))).toBe(true);
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(status).toMatch(/^[2-5]\d\d$/);
        expect(response.description).not.toBe('');
      }
    }
  });

  test('refers only to what it contains', () => {
    const references = [...JSON.stringify(api).matchAll(/"\$ref":"([^"]+)"/g)].map((found) => found[1] ?? '');
    expect(references.length).toBeGreaterThan(20);
    for (const reference of references) {
      const name = /^#\/components\/schemas\/(\w+)$/.exec(reference)?.[1];
      expect(Object.keys(api.components.schemas), reference).toContain(name);
    }
  });

  test('has a schema that says something for every request and answer', () => {
    for (const [name, schema] of Object.entries(api.components.schemas)) {
      expect(schema.type, name).toBe('object');
      expect(Object.keys(schema.properties ?? {}).length, name).toBeGreaterThan(0);
    }
  });

  test('has patterns that mean what the schemas mean', () => {
    const patterns = [...JSON.stringify(api).matchAll(/"pattern":("(?:[^"\\\\]|\\\\.)*")/g)].map((found) =>
      JSON.parse(found[1] ?? ''),
    );
    expect(patterns).toContain('^\\P{Cc}*$');
    for (const pattern of patterns) expect(() => new RegExp(pattern, 'u'), pattern).not.toThrow();
  });

  test('lists every error code with its remedy', () => {
    expect(api['x-errors'].map(({ code }) => code).sort()).toEqual([...errorCodes].sort());
  });

  test('has examples that work when they are sent, told as one story', async () => {
    const ids: Record<string, string> = { domain: 'model_routing', id: '', rewardId: '' };
    const story = [
      'createOrReplaceADomain',
      'decide',
      'decideMany',
      'recordShownItems',
      'blendTheListsOfASlate',
      'rewardADecision',
      'explainADecision',
    ].concat(
      ['retractAReward', 'showADomain', 'listTheDomains', 'freezeADomain', 'thawADomain'],
      ['markARollbackPoint', 'listTheRollbackPoints', 'voidRewards', 'rollADomainBack'],
      ['showWhatWasLearnedAtAMoment', 'showWhatChangedBetweenTwoMoments'],
    );
    const told = new Set<string>([
      'isTheProcessAlive',
      'isTheNodeReady',
      'thisApiAsOpenapi31',
      'thisPage',
      'startPage',
    ]);
    // These are told over the read models, in analytics.test.ts.
    for (const [, , { operationId, tags }] of operations()) if (tags.includes('Analytics')) told.add(operationId);
    for (const id of story) {
      const [method, path, operation] = operations().find(([, , found]) => found.operationId === id) ?? [];
      if (method === undefined || path === undefined || operation === undefined) throw new Error(`no operation ${id}`);
      const example = operation.requestBody?.content['application/json']?.example;
      const answer = await door.call(
        method.toUpperCase(),
        path.replaceAll(/\{(\w+)\}/g, (_, name) => ids[name] ?? ''),
        example,
      );
      const response = operation.responses[answer.status];
      expect(answer.status, answer.text).toBeLessThan(300);
      const name = response?.content?.['application/json']?.schema.$ref?.split('/').at(-1) ?? '';
      schemaNamed(name).parse(answer.json);
      if (id === 'decideMany') expect(answer.json.results.map(({ ok }: { ok: boolean }) => ok)).toEqual([true, true]);
      if (id === 'decide') ids.id = answer.json.decisionId;
      if (id === 'rewardADecision') ids.rewardId = answer.json.rewardId;
      told.add(id);
    }
    expect(told.size).toBe(operations().length);
  });

  test('has example answers that fit their schemas', () => {
    let checked = 0;
    for (const [, , operation] of operations()) {
      for (const response of Object.values(operation.responses)) {
        const media = response.content?.['application/json'];
        if (media?.example === undefined) continue;
        schemaNamed(media.schema.$ref?.split('/').at(-1) ?? '').parse(media.example);
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(5);
  });
});

function schemaNamed(name: string) {
  const known = Object.entries({ ...answers, ...posteriorAnswers, ...rollbackAnswers, ...analyticsAnswers });
  const found = known.find(([called]) => called === name)?.[1];
  if (found === undefined) throw new Error(`no schema ${name}`);
  return found;
}

describe('the API page', () => {
  test('shows every route, every error code, and nothing that runs or comes from elsewhere', () => {
    for (const [, path, operation] of operations()) {
      expect(page).toContain(`id="${operation.operationId}"`);
      expect(page).toContain(path);
    }
    for (const code of errorCodes) expect(page).toContain(`<code id="error-${code}">${code}</code>`);
    expect(page).not.toMatch(/<script|<link|<img|url\(|@import|javascript:| on\w+=/i);
  });

  test('has commands that find this node, on whatever port it listens', () => {
    const origins = [...page.matchAll(/curl (?:-X \w+ )?(http:..[^/]+)/g)].map((found) => found[1]);
    expect(new Set(origins)).toEqual(new Set([door.url]));
  });

  test('sets as code what is meant as code, and shows no marks of it', () => {
    expect(page).toContain('<td><code>now</code>: answer once');
    expect(page.replaceAll(/<pre>.*?<\/pre>/gs, '')).not.toContain('`');
  });

  test('has links that lead somewhere, and every id once', () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((found) => found[1]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
  });

  test('is allowed its own style sheet and nothing else', () => {
    const style = /<style>(.*)<\/style>/s.exec(page)?.[1] ?? '';
    const digest = createHash('sha256').update(style).digest('base64');
    expect(policy).toContain(`style-src 'sha256-${digest}'`);
    expect(policy).toContain("default-src 'none'");
  });

  test('is where the way in leads', async () => {
    const answer = await door.call('GET', '/');
    expect([answer.status, answer.headers.get('location')]).toEqual([307, '/docs']);
  });
});
