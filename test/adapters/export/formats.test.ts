import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { type FormatName, formats } from '../../../adapters/export/formats.ts';
import { itemContextLines } from '../../../adapters/export/obp.ts';
import { type Round, readRounds } from '../../../adapters/export/rounds.ts';
import { writeExport } from '../../../adapters/export/write-export.ts';
import { DOMAIN, keys, type Stage, TENANT } from '../../actors/given.ts';
import { play, roundsOf, stageWith } from './stage.ts';

async function written(stage: Stage, name: FormatName, rewardedOnly = false) {
  const { log, snapshots } = stage;
  const format = formats[name];
  const { allPropensities } = format;
  const asked = { log, snapshots, key: keys.decision, tenant: TENANT, domain: DOMAIN, allPropensities };
  const lines: string[] = [];
  const rounds = await readRounds(asked);
  const summary = await writeExport(rounds, format, rewardedOnly, async (line) => void lines.push(line));
  return { lines, summary, outline: rounds.outline };
}

const table = (lines: readonly string[]): Record<string, string>[] => parse(lines.join('\n'), { columns: true });

/** The estimate of Horvitz and Thompson (1952) of what an arm would have earned if it had always been chosen. */
function worthOf(rows: readonly { arm: string; reward: number; pscore: number }[], arm: string): number {
  const weighted = rows.map((row) => (row.arm === arm ? row.reward / row.pscore : 0));
  return weighted.reduce((sum, value) => sum + value, 0) / rows.length;
}

const rowsOf = (rounds: readonly Round[]) =>
  rounds.flatMap(({ places }) =>
    places.flatMap(({ arm, reward, pscore }) =>
      reward === undefined || pscore === undefined ? [] : [{ arm, reward, pscore }],
    ),
  );

describe('the layout of the Open Bandit Dataset', () => {
  // The columns that OpenBanditDataset takes from a campaign's file, and the header of the one of its small sample that is called
  // random/men/men.csv (st-tech/zr-obp, obp/dataset/real.py and obp/dataset/obd).
  const sample = ['', 'timestamp', 'item_id', 'position', 'click', 'propensity_score', 'user_feature_0'];

  /** What OpenBanditDataset.load_raw_data and pre_process make of such a file. */
  function loaded(lines: readonly string[]) {
    const rows = table(lines).sort((a, b) => ((a.timestamp ?? '') < (b.timestamp ?? '') ? -1 : 1));
    const ranks = [...new Set(rows.map(({ position }) => Number(position)))].sort((a, b) => a - b);
    const names = Object.keys(rows[0] ?? {}).filter((name) => name.includes('user_feature'));
    return {
      n_rounds: rows.length,
      n_actions: Math.max(...rows.map(({ item_id }) => Number(item_id))) + 1,
      action: rows.map(({ item_id }) => Number(item_id)),
      position: rows.map(({ position }) => ranks.indexOf(Number(position))),
      reward: rows.map(({ click }) => Number(click)),
      pscore: rows.map(({ propensity_score }) => Number(propensity_score)),
      context: rows.map((row) => names.map((name) => row[name])),
      names,
    };
  }

  test('loads as bandit feedback that says what the log says', async () => {
    const stage = await stageWith({ propensity: 'lazy' });
    await play(stage, 40);
    const { lines, summary, outline } = await written(stage, 'obp', true);
    expect(lines[0]?.split(',').slice(0, sample.length - 1)).toEqual(sample.slice(0, -1));

    const feedback = loaded(lines);

    const rounds = (await roundsOf(stage)).filter(({ places }) => places[0]?.reward !== undefined);
    expect(feedback.n_rounds).toBe(38);
    expect(summary).toMatchObject({ decisions: 40, rows: 38, unrewarded: 0 });
    expect(feedback.n_actions).toBe(3);
    expect(new Set(feedback.position)).toEqual(new Set([0]));
    expect(feedback.names).toEqual(['user_feature_topic', 'user_feature_urgent']);
    expect(feedback.context[0]).toEqual(['bug', '1']);
    // Every digit survives: an estimate from the file is the one from the log, to the bit.
    const rows = feedback.action.map((action, row) => ({
      arm: outline.actions[action]?.arm ?? '',
      reward: feedback.reward[row] ?? Number.NaN,
      pscore: feedback.pscore[row] ?? Number.NaN,
    }));
    for (const { arm } of outline.actions) expect(worthOf(rows, arm)).toBe(worthOf(rowsOf(rounds), arm));
    await stage.stop();
  });

  test('has a line for each place of a slate, and an empty reward where none came', async () => {
    const stage = await stageWith();
    await play(stage, 1, { k: 3 });
    const { lines, summary } = await written(stage, 'obp');
    expect(loaded(lines).position).toEqual([0, 1, 2]);
    expect(table(lines).map(({ click, rewarded }) => [click, rewarded])).toEqual(Array(3).fill(['', '0']));
    expect(summary).toMatchObject({ decisions: 1, rows: 3, unrewarded: 3 });
    await stage.stop();
  });

  test('has a table of arms beside it', async () => {
    const stage = await stageWith();
    const { outline } = await written(stage, 'obp');
    expect(table(itemContextLines(outline))).toEqual([
      { '': '0', item_id: '0', item_feature_0: '0.001', item_feature_1: 'small' },
      { '': '1', item_id: '1', item_feature_0: '0.004', item_feature_1: 'medium' },
      { '': '2', item_id: '2', item_feature_0: '0.01', item_feature_1: 'large' },
    ]);
    await stage.stop();
  });
});

describe('decision service JSON', () => {
  // The keys of a labelled line in the order of Vowpal Wabbit's own joiner (VowpalWabbit/vowpal_wabbit,
  // external_parser/event_processors; its wiki, DSJSON): readers that look for them by place exist.
  const joined = ['_label_cost', '_label_probability', '_label_Action', '_labelIndex', 'o', 'Timestamp', 'Version'];
  const rest = ['EventId', 'a', 'c', 'p', 'VWState'];

  interface Line {
    readonly [key: string]: unknown;
    readonly a: readonly number[];
    readonly p: readonly number[];
    readonly c: { readonly context: object; readonly _multi: readonly { readonly _tag: string }[] };
  }

  test('holds what a learner from logged decisions needs', async () => {
    const stage = await stageWith({ propensity: 'lazy' });
    const ids = await play(stage, 12);
    const { lines, summary } = await written(stage, 'dsjson');
    const rounds = await roundsOf(stage);
    expect(summary).toMatchObject({ decisions: 12, rows: 12, unrewarded: 2, withoutPscore: 0 });
    for (const [index, line] of lines.entries()) {
      const parsed: Line = JSON.parse(line);
      const { arm, reward, pscore } = rounds[index]?.places[0] ?? {};
      const { a, p, c } = parsed;
      expect(parsed).toMatchObject({ Version: '1', EventId: ids[index] });
      expect(parsed.Timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect([...a].sort()).toEqual([1, 2, 3]);
      expect(p.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 8);
      // The first action is the one that was taken, and the first probability its own.
      expect(c._multi[(a[0] ?? 0) - 1]?._tag).toBe(arm);
      expect(p[0]).toBe(pscore);
      expect(Object.keys(c.context)).toEqual(['topic', 'urgent']);
      if (reward === undefined) {
        expect(parsed).toMatchObject({ _skipLearn: true, o: [] });
        expect(parsed).not.toHaveProperty('_label_cost');
        continue;
      }
      expect(Object.keys(parsed).slice(0, joined.length + rest.length)).toEqual([...joined, ...rest]);
      expect(parsed).toMatchObject({
        _label_cost: 0 - reward,
        _label_probability: pscore,
        _label_Action: a[0],
        _labelIndex: (a[0] ?? 0) - 1,
      });
    }
    await stage.stop();
  });

  test('has one line for a slate, of its first place, and says how many it cut', async () => {
    const stage = await stageWith();
    await play(stage, 2, { k: 3 });
    const { lines, summary } = await written(stage, 'dsjson');
    expect(lines.length).toBe(2);
    expect(summary.slatesCut).toBe(2);
    await stage.stop();
  });

  test('names a feature anew that would be read as something else', async () => {
    const stage = await stageWith({ context: { _label_cost: { type: 'numeric' } }, bucketBy: [] });
    await stage.reckoner.decide(DOMAIN, { context: { _label_cost: 5 } });
    const { lines } = await written(stage, 'dsjson');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ c: { context: { f_label_cost: 5 } } });
    await stage.stop();
  });
});

describe('our own layouts', () => {
  test('agree with each other', async () => {
    const stage = await stageWith();
    await play(stage, 9);
    const csv = table((await written(stage, 'csv')).lines);
    const ndjson = (await written(stage, 'ndjson')).lines.map((line) => JSON.parse(line));
    expect(csv.length).toBe(9);
    expect(csv.map(({ arm, pscore, decision_id, context_topic }) => [arm, Number(pscore), decision_id, context_topic]))
      // Strings and numbers come back as they were.
      .toEqual(ndjson.map(({ arm, pscore, decisionId, context }) => [arm, pscore, decisionId, context.topic]));
    expect(csv.map(({ reward }) => (reward === '' ? null : Number(reward)))).toEqual(
      ndjson.map(({ reward }) => reward),
    );
    expect(ndjson.filter(({ rewarded }) => !rewarded).length).toBe(2);
    await stage.stop();
  });

  test('quote what would break a line', async () => {
    const values = ['a "quoted", thing', 'a;b', 'bug'];
    const stage = await stageWith({ context: { topic: { type: 'categorical', values } }, bucketBy: [] });
    for (const topic of values) await stage.reckoner.decide(DOMAIN, { context: { topic } });
    const rows = table((await written(stage, 'csv')).lines);
    expect(rows.map(({ context_topic }) => context_topic)).toEqual(values);
    await stage.stop();
  });
});
