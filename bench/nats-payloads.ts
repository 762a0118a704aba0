/** What crosses the wire in the NATS bench: the same bytes for the bare responder and for the node. */
import { encodeReply, encodeRequest, type Form } from '../adapters/nats/codec.ts';
import { benchBodies, benchDomains, type Propensity } from './http-domain.ts';

export const BARE_SUBJECT = 'bare.decide';

/** Every body of the problem as a payload. */
export function payloads(propensity: Propensity, form: Form): readonly Uint8Array[] {
  const subject = `decide.${benchDomains[propensity].name}`;
  return benchBodies().map((body) =>
    form === 'json' ? Buffer.from(JSON.stringify(body)) : encodeRequest(subject, body).bytes,
  );
}

/** A decision as it is answered. */
export function bareReply(): Uint8Array {
  const body = {
    decisionId: 'bench_http.abcdefghijklmnop.zzz.abcdefghijklm',
    domain: 'bench_http',
    requestId: '0b0e7c1e-5b5c-4f7e-9d0a-8a4b1f1e2d3c',
    ...{
      arm: 'sonnet',
      propensity: null,
      bucket: 'abcdefghijklmnop',
      policy: 'rand_ucb',
      confidence: 0.25,
      mode: null,
    },
    bucketLabel: 'task=translate, language=en, tier=free, tokens=100..1000',
    ...{ expectedReward: 0.5, expectedCostUsd: null, expectedLatencyMs: null, fallback: false },
  };
  return encodeReply('decide.x', { ok: true, body }, 'protobuf').bytes;
}
