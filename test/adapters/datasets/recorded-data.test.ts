import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { baselines, strongArm } from '../../../adapters/datasets/baselines.ts';
import { dataFolder, findDataset } from '../../../adapters/datasets/find-dataset.ts';
import { readDataset } from '../../../adapters/datasets/read-dataset.ts';

const folder = dataFolder();
const present = existsSync(folder);
if (!present) console.warn(`SKIPPED: no recorded data in ${folder}; set RECKONER_DATA to measure the readers on it.`);

describe.skipIf(!present)('the recorded data', () => {
  const read = (name: string) => readDataset(findDataset(name, folder), name);

  it('of RouteLLM gives the published means and the measured baselines', async () => {
    const mmlu = await read('routellm/mmlu');
    const strong = strongArm(mmlu);
    expect(mmlu.arms).toEqual(['mixtral', 'gpt4']);
    expect(strong).toBe(1);
    expect(mmlu.buckets).toHaveLength(26);
    expect(baselines(mmlu, [0, 0], strong).perArm.map((mean) => mean.toFixed(4))).toEqual(['0.7728', '0.8687']);
    const costly = baselines(mmlu, [0, 0.1], strong);
    expect(costly.bestSingleArm.arm).toBe('mixtral');
    expect(costly.perBucketHindsight).toBeCloseTo(0.793, 3);
    expect(costly.oracle).toBeCloseTo(0.894, 3);
    const gsm8k = await read('routellm/gsm8k');
    expect(gsm8k.bucketFeature).toBeNull();
    expect(baselines(gsm8k, [0, 0], 1).perArm.map((mean) => mean.toFixed(4))).toEqual(['0.6335', '0.8649']);
  });

  it('of LLMRouter gives the measured baselines', async () => {
    const dataset = await read('llmrouter/train_a');
    const found = baselines(dataset, [], strongArm(dataset));
    expect([dataset.arms.length, dataset.buckets.length, dataset.rows.length]).toEqual([9, 14, 3394]);
    expect(found.bestSingleArm.utility).toBeCloseTo(0.6244, 4);
    expect(found.perBucketHindsight).toBeCloseTo(0.678, 3);
    expect(found.oracle).toBeCloseTo(0.803, 3);
  });

  it('of ParetoBandit has dollars for every call that is used', async () => {
    const dataset = await read('pareto/val');
    expect(dataset.priced).toBe(true);
    expect(dataset.arms).toEqual(['llama31_8b', 'mistral_large', 'gemini25_pro', 'gemini25_flash']);
    expect(dataset.rows.length + dataset.leftOut.incomplete).toBe(1785);
    expect(dataset.rows.every(({ dollars }) => dollars.length === 4 && dollars.every((price) => price > 0))).toBe(true);
  });

  it('of MT-Bench is not of this kind', async () => {
    await expect(read('routellm/mtbench')).rejects.toMatchObject({ code: 'request_invalid' });
  });
});
