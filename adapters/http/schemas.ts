/** The schemas that the documentation knows by name. */
import { z } from 'zod';
import { DomainConfigInput } from '../../actors/domain-config.ts';
import { ControlBody, DecideBody, ItemsBody, RewardBody } from '../../actors/messages.ts';
import * as answers from './answers.ts';
import { batchOf } from './batch.ts';

/** What callers send. */
export const requestSchemas = {
  DecideBody,
  DecideBatch: batchOf(DecideBody),
  RewardBody,
  ItemsBody,
  ControlBody,
  DomainConfig: DomainConfigInput,
} as const satisfies Record<string, z.ZodType>;
export type RequestSchema = keyof typeof requestSchemas;

/** What they get. */
export const answerSchemas = {
  Decision: answers.Decision,
  BatchAnswer: answers.BatchAnswer,
  RewardReceipt: answers.RewardReceipt,
  RetractionReceipt: answers.RetractionReceipt,
  ItemsReceipt: answers.ItemsReceipt,
  Explanation: answers.Explanation,
  DomainView: answers.DomainView,
  ConfiguredDomain: answers.ConfiguredDomain,
  DomainList: answers.DomainList,
  Health: answers.Health,
  Alive: answers.Alive,
  Problem: answers.Problem,
} as const satisfies Record<string, z.ZodType>;
export type AnswerSchema = keyof typeof answerSchemas;

/** A JSON Schema, as much of its shape as the documentation reads. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly propertyNames?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** All of them as JSON Schema 2020-12, which is what OpenAPI 3.1 speaks, referring to one another by name. */
export function jsonSchemas(): Readonly<Record<string, JsonSchema>> {
  return { ...generate(requestSchemas, 'input'), ...generate(answerSchemas, 'output') };
}

function generate(schemas: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output'): Record<string, JsonSchema> {
  const named = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) named.add(schema, { id });
  const { schemas: generated } = z.toJSONSchema(named, {
    io,
    unrepresentable: 'any',
    uri: (id) => `#/components/schemas/${id}`,
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === answers.configuration) jsonSchema.$ref = '#/components/schemas/DomainConfig';
    },
  });
  const plain: Record<string, JsonSchema> = {};
  for (const [id, { $schema: _, $id: __, ...schema }] of Object.entries(generated)) {
    // Zod types a generated schema more widely than JSON can be: through JSON it is what it says.
    plain[id] = JSON.parse(JSON.stringify(schema));
  }
  return plain;
}
