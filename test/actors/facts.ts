/** Facts for the log, said in as few words as a test needs: everything else is filled in. */

import { type DomainConfigInput, parseDomainConfig } from '../../actors/config/domain-config.ts';
import { compileContext } from '../../actors/context/features.ts';
import { canonical } from '../../actors/identity/canonical.ts';
import type { EventData, EventType } from '../../events/catalogue.ts';
import { uuidV5 } from '../../events/ids.ts';

export type Fact =
  | { readonly type: 'DomainConfigured'; readonly config: DomainConfigInput }
  | { readonly type: 'DomainFrozen' | 'DomainThawed' }
  | ({ readonly type: 'PriorShared' } & EventData<'PriorShared'>)
  | ({ readonly type: 'DecisionMade' } & Partial<EventData<'DecisionMade'>>)
  | ({ readonly type: 'RewardObserved'; readonly arm: string; readonly value: number } & Partial<
      EventData<'RewardObserved'>
    >);

export interface FactWriter {
  domainRevision: number;
  config?: ReturnType<typeof parseDomainConfig>;
  readonly revisionOf: (stream: string) => number;
  readonly domainStream: string;
  readonly bucketPrefix: string;
}

/** The bucket of a domain that has one. */
export const ONLY_BUCKET = compileContext({ context: {}, bucketBy: [], timezone: 'UTC' }).bucketOf([]).id;

/** A fact with its stream and its whole data. */
export function writeFact(
  writer: FactWriter,
  fact: Fact,
): { readonly stream: string; readonly type: EventType; readonly data: object } {
  const said = { by: 'given', reason: '' };
  switch (fact.type) {
    case 'DomainConfigured': {
      writer.config = parseDomainConfig(fact.config);
      writer.domainRevision += 1;
      return {
        stream: writer.domainStream,
        type: fact.type,
        data: { config: canonical(writer.config), ...said, relearn: false },
      };
    }
    case 'DomainFrozen':
    case 'DomainThawed':
      writer.domainRevision += 1;
      return { stream: writer.domainStream, type: fact.type, data: said };
    case 'PriorShared': {
      const { type, ...data } = fact;
      writer.domainRevision += 1;
      return { stream: writer.domainStream, type, data };
    }
    case 'DecisionMade': {
      const { type, ...data } = fact;
      return bucketFact(writer, type, { ...decisionData(writer), ...data });
    }
    case 'RewardObserved': {
      const { type, ...data } = fact;
      const rest = {
        decisionRevision: 0,
        features: [],
        share: 1,
        kind: 'outcome',
        feedback: '',
        item: '',
        subject: '',
      };
      return bucketFact(writer, type, { ...rest, domainRevision: writer.domainRevision, ...data });
    }
  }
}

function bucketFact(writer: FactWriter, type: EventType, data: object & { features?: readonly number[] }) {
  const bucket =
    writer.config === undefined ? ONLY_BUCKET : compileContext(writer.config).bucketOf(data.features ?? []).id;
  return { stream: writer.bucketPrefix + bucket, type, data };
}

function decisionData({ domainRevision, config }: FactWriter): EventData<'DecisionMade'> {
  const arms = config?.arms.map(({ name }) => name) ?? [];
  return {
    domainRevision,
    requestId: uuidV5(`given:${domainRevision}`),
    requestHash: new Uint8Array(0),
    candidates: arms,
    shifts: [],
    prior: arms.flatMap(() => [1, 1]),
    features: [],
    floor: config?.exploration ?? 0,
    seed: 1,
    posteriorRevision: -1,
    policy: 'beta_thompson',
    policyVersion: 1,
    arm: arms[0] ?? '',
    propensity: undefined,
    confidence: 0,
    mode: '',
    expectedReward: 0.5,
    expectedCostUsd: undefined,
    expectedLatencyMs: undefined,
    slate: [],
    excluded: [],
    subject: '',
    taskType: '',
    complexity: undefined,
    tokens: undefined,
    fallback: false,
    run: false,
    terms: [],
    pace: undefined,
  };
}
