/** What the tests of exports play: a domain of three arms and two buckets, decided and rewarded through the front door. */
import type { DomainConfigInput } from '../../../actors/config/domain-config.ts';
import { type Round, type RoundsOptions, readRounds } from '../../../adapters/export/rounds.ts';
import { configured, DOMAIN, given, keys, type Stage, TENANT } from '../../actors/given.ts';

export const topics = ['billing', 'bug'];

export async function stageWith(more: Partial<DomainConfigInput> = {}): Promise<Stage> {
  return given([configured(configWith(more))]);
}

export function configWith(more: Partial<DomainConfigInput> = {}): DomainConfigInput {
  return {
    arms: [
      { name: 'small', costUsd: 0.001 },
      { name: 'medium', costUsd: 0.004 },
      { name: 'large', costUsd: 0.01 },
    ],
    context: { topic: { type: 'categorical', values: topics }, urgent: { type: 'boolean' } },
    bucketBy: ['topic'],
    ...more,
  };
}

/** Decides in both buckets; each is rewarded after the next two decisions, the last two are not. */
export async function play({ reckoner }: Stage, decisions: number, body: object = {}): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < decisions; index++) {
    const context = { topic: topics[Number(index % 3 === 0)] ?? '', urgent: index % 2 === 0 };
    const { decisionId } = await reckoner.decide(DOMAIN, { context, ...body });
    const late = ids.at(-2);
    ids.push(decisionId);
    if (late !== undefined) await reckoner.reward(late, { value: (index % 7) / 7 });
  }
  return ids;
}

export async function roundsOf(stage: Stage, options: Partial<RoundsOptions> = {}): Promise<Round[]> {
  const { log, snapshots } = stage;
  const asked = { log, snapshots, key: keys.decision, tenant: TENANT, domain: DOMAIN, ...options };
  const found: Round[] = [];
  for await (const round of await readRounds(asked)) found.push(round);
  return found;
}
