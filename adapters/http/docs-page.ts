/** The API as a page for people: static HTML from the OpenAPI document, without scripts or anything from elsewhere. */
import { createHash } from 'node:crypto';
import type { ApiDocument, ApiResponse, JsonSchema, Operation, Parameter } from './api-document.ts';
import { fieldsOf } from './docs-fields.ts';
import { STYLE } from './docs-style.ts';
import { Html, html } from './html.ts';

/**
 * @param origin where its commands find the node, without a slash at the end
 * @returns the page, and a Content-Security-Policy under which nothing but its own style sheet takes effect
 */
export function renderDocsPage(api: ApiDocument, origin: string): { readonly page: string; readonly policy: string } {
  const styleHash = createHash('sha256').update(STYLE).digest('base64');
  return {
    page: pageOf(api, origin).text,
    policy: `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}

interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

function pageOf(api: ApiDocument, origin: string): Html {
  const entries = Object.entries(api.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): Entry => ({ method: method.toUpperCase(), path, operation })),
  );
  const requested = new Set(entries.flatMap(({ operation }) => requestSchemaOf(operation) ?? []));
  const answered = Object.entries(api.components.schemas).filter(([name]) => !requested.has(name));
  const groups = api.tags.map((tag) => ({
    ...tag,
    entries: entries.filter((entry) => entry.operation.tags.includes(tag.name)),
  }));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${api.info.title} API ${api.info.version}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<nav aria-label="Contents">
<p class="brand"><a href="#top">${api.info.title}</a> <small>${api.info.version}</small></p>
${groups.map(
  (group) => html`<p class="group">${group.name}</p>
<ul>${group.entries.map(
    ({ method, operation }) =>
      html`<li><a href="#${operation.operationId}">${badge(method)}<span>${operation.summary}</span></a></li>`,
  )}</ul>`,
)}
<p class="group">Reference</p>
<ul><li><a href="#answers">Answers</a></li><li><a href="#errors">Errors</a></li><li><a href="/openapi.json">openapi.json</a></li></ul>
</nav>
<main id="top">
<header><h1>${api.info.title} API</h1><p>${prose(api.info.description)}</p></header>
${groups.map(
  (group) => html`<section class="group">
<h2>${group.name}</h2><p class="lead">${prose(group.description)}</p>
${group.entries.map((entry) => operationSection(entry, api.components.schemas, origin))}
</section>`,
)}
<section id="answers"><h2>Answers</h2>
${answered.map(([name, schema]) => html`<h3 id="schema-${name}">${name}</h3>${fieldTable(schema)}`)}
</section>
<section id="errors"><h2>Errors</h2>
<p class="lead">Every error is a <a href="#schema-Problem">Problem</a> with one of these codes.</p>
${table(
  ['Status', 'Code', 'What to do'],
  api['x-errors'].map(({ status, code, remedy }) => [
    statusOf(String(status)),
    html`<code id="error-${code}">${code}</code>`,
    html`${prose(remedy)}`,
  ]),
)}
</section>
</main>
</body>
</html>
`;
}

function operationSection(
  { method, path, operation }: Entry,
  schemas: Readonly<Record<string, JsonSchema>>,
  origin: string,
): Html {
  const requested = requestSchemaOf(operation);
  const schema = requested === undefined ? undefined : schemas[requested];
  const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = operation.parameters.filter((parameter) => parameter.in === 'query');
  return html`<article id="${operation.operationId}">
<h3>${operation.summary}</h3>
<p class="route">${badge(method)}<code>${path}</code></p>
<p>${prose(operation.description)}</p>
<pre><code>${curlOf(method, origin + path, operation)}</code></pre>
${inPath.length === 0 ? undefined : html`<h4>Path</h4>${parameterTable(inPath)}`}
${inQuery.length === 0 ? undefined : html`<h4>Query</h4>${parameterTable(inQuery)}`}
${
  schema === undefined
    ? undefined
    : html`<h4 id="${firstUse(operation, requested)}">Body ${operation.requestBody?.required ? '' : html`<small>optional</small>`}</h4>${fieldTable(schema)}`
}
<h4>Answers</h4>
${table(
  ['Status', 'Meaning', 'Body'],
  Object.entries(operation.responses)
    .filter(([, response]) => !isProblem(response))
    .map(([status, response]) => [statusOf(status), html`${prose(response.description)}`, bodyOf(response)]),
)}
${examplesOf(operation)}
<h4>Errors</h4>
<p class="errors">${Object.entries(operation.responses)
    .filter(([, response]) => isProblem(response))
    .map(([status, response]) => html`<span>${statusOf(status)} ${codesOf(response)}</span>\n`)}</p>
</article>`;
}

/** ControlBody serves several routes; an id may be on a page once, so the others get one of their own. */
function firstUse(operation: Operation, schema: string | undefined): string {
  return schema === 'ControlBody' ? `body-${operation.operationId}` : `schema-${schema ?? ''}`;
}

function requestSchemaOf(operation: Operation): string | undefined {
  return operation.requestBody?.content['application/json']?.schema.$ref?.split('/').at(-1);
}

function bodyOf(response: ApiResponse): Html | undefined {
  const name = response.content?.['application/json']?.schema.$ref?.split('/').at(-1);
  return name === undefined ? undefined : html`<a href="#schema-${name}">${name}</a>`;
}

function statusOf(status: string): Html {
  return html`<span class="status s${status.charAt(0)}">${status}</span>`;
}

function isProblem({ content }: ApiResponse): boolean {
  return content?.['application/json'] === undefined && content?.['application/problem+json'] !== undefined;
}

/** The codes of an error status, each leading to what to do about it. */
function codesOf(response: ApiResponse): readonly Html[] {
  const codes = Object.keys(response.content?.['application/problem+json']?.examples ?? {});
  return codes.map((code, at) => html`${at === 0 ? '' : ' '}<a href="#error-${code}"><code>${code}</code></a>`);
}

function examplesOf(operation: Operation): readonly Html[] {
  return Object.entries(operation.responses).flatMap(([status, response]) => {
    const example = response.content?.['application/json']?.example;
    if (example === undefined) return [];
    return [
      html`<details><summary>Example of ${status}</summary><pre><code>${indented(example)}</code></pre></details>`,
    ];
  });
}

function curlOf(method: string, template: string, operation: Operation): string {
  const url = operation.parameters.reduce(
    (text, parameter) => text.replace(`{${parameter.name}}`, parameter.example ?? ''),
    template,
  );
  const body = operation.requestBody?.content['application/json']?.example;
  const command = method === 'GET' ? 'curl' : `curl -X ${method}`;
  const asked = operation.parameters.filter(({ in: place, example }) => place === 'query' && example !== undefined);
  const query = asked.map(({ name, example = '' }) => `${name}=${encodeURIComponent(example)}`).join('&');
  if (query !== '') return `${command} '${url}?${query}'`;
  if (body === undefined) return `${command} ${url}`;
  return `${command} ${url} \\\n  -H 'content-type: application/json' \\\n  -d '${indented(body).replaceAll("'", "'\\''")}'`;
}

/** JSON over several lines, but what fits into one stays in one. */
function indented(value: unknown, indent = ''): string {
  const short = JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return short;
  const spaced = JSON.stringify(value, null, 1).replaceAll(/\n */g, ' ');
  if (spaced.length + indent.length <= 84) return spaced;
  const inner = `${indent}  `;
  if (Array.isArray(value)) return `[\n${value.map((item) => inner + indented(item, inner)).join(',\n')}\n${indent}]`;
  const members = Object.entries(value).map(
    ([key, member]) => `${inner}${JSON.stringify(key)}: ${indented(member, inner)}`,
  );
  return `{\n${members.join(',\n')}\n${indent}}`;
}

function fieldTable(schema: JsonSchema): Html {
  const rows = fieldsOf(schema).map((field) => [
    html`<code>${field.path}</code>${field.required ? html` <em>required</em>` : undefined}`,
    field.refersTo === undefined ? field.type : html`<a href="#schema-${field.refersTo}">${field.type}</a>`,
    html`${prose(field.description)}${field.constraints === '' ? undefined : html` <span class="bounds">${field.constraints}</span>`}`,
  ]);
  return table(['Field', 'Type', 'Meaning'], rows);
}

function parameterTable(parameters: readonly Parameter[]): Html {
  return table(
    ['Value', 'Meaning'],
    parameters.map(({ name, required, in: place, description, schema }) => [
      html`<code>${name}</code>${required && place === 'query' ? html` <em>required</em>` : undefined}`,
      html`${prose(description ?? schema.description ?? '')}`,
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly (Html | string | number | undefined)[])[]): Html {
  return html`<div class="table"><table><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody></table></div>`;
}

function badge(method: string): Html {
  return html`<span class="method ${method.toLowerCase()}">${method}</span>`;
}

/** Text in which `backticks` are code. */
function prose(text: string): readonly Html[] {
  return text.split('`').map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}
