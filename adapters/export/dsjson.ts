/**
 * Vowpal Wabbit's decision service JSON (`--dsjson`), with the keys in the order in which its own joiner writes them. Cost is
 * minus the reward. Without a reward a line has no label and says `_skipLearn`. The context is the namespace `context` (c), the
 * arm's name is in the namespace `arm` (a): `-q ca` crosses them.
 */
import type { ContextValue } from '../../actors/messages/fields.ts';
import { type Format, isoTime } from './format.ts';
import type { Place, Round } from './rounds.ts';

export const dsjson: Format = {
  about: 'JSON lines as Vowpal Wabbit reads them (vw --dsjson --cb_explore_adf)',
  allPropensities: true,
  slates: false,
  header: () => undefined,
  line: (round, place) => JSON.stringify(interaction(round, place)),
};

function interaction(round: Round, { arm, pscore, reward }: Place): object {
  const chosen = round.candidates.indexOf(arm);
  const id = round.decisionId || round.eventId;
  // The chosen one comes first, as the joiner has it; actions count from 1.
  const order = [chosen, ...round.candidates.keys()].filter((index, at) => at === 0 || index !== chosen);
  const label =
    reward === undefined || pscore === undefined
      ? { _skipLearn: true }
      : // Not -0, which JSON has no word for.
        { _label_cost: 0 - reward, _label_probability: pscore, _label_Action: chosen + 1, _labelIndex: chosen };
  return {
    ...label,
    o: reward === undefined ? [] : [{ v: reward, EventId: id, ActionTaken: false }],
    Timestamp: isoTime(round.time),
    Version: '1',
    EventId: id,
    a: order.map((index) => index + 1),
    c: { context: shared(round.context), _multi: round.candidates.map((name) => ({ _tag: name, arm: { id: name } })) },
    ...(round.propensities === undefined ? {} : { p: order.map((index) => round.propensities?.[index] ?? 0) }),
    VWState: { m: `${round.policy}/${round.policyVersion}` },
    fallback: round.fallback,
    deterministic: round.deterministic,
  };
}

/** Names that begin with _ mean something else there, or nothing. */
function shared(context: Readonly<Record<string, ContextValue>>): Record<string, ContextValue> {
  return Object.fromEntries(
    Object.entries(context).map(([name, value]) => [name.startsWith('_') ? `f${name}` : name, value]),
  );
}
