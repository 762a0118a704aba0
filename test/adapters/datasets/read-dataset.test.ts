import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PromptFeature } from '../../../adapters/datasets/layout.ts';
import { readDataset } from '../../../adapters/datasets/read-dataset.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reckoner-datasets-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const twoArms = `id,subject,contaminated,correct_mixtral,correct_gpt4,prompt_chars,prompt
a,astronomy,0,1,0,9,"What, ""one""
or two?"
b,"law, civil",0,0,1,3,why
c,law,1,1,1,2,contaminated
d,,0,1,1,2,nowhere
`;

describe('reading recorded requests', () => {
  it('reads two arms and their subject from quoted cells with commas, quotes and newlines', async () => {
    const dataset = await readDataset(written('two.csv', twoArms));
    expect(dataset.name).toBe('two');
    expect(dataset.arms).toEqual(['mixtral', 'gpt4']);
    expect(dataset.bucketFeature).toBe('subject');
    expect(dataset.priced).toBe(false);
    expect(dataset.rows.slice(0, 2)).toEqual([
      { context: { subject: 'astronomy' }, rewards: [1, 0], dollars: [] },
      { context: { subject: 'law, civil' }, rewards: [0, 1], dollars: [] },
    ]);
  });

  it('leaves contaminated rows out and says how many', async () => {
    const dataset = await readDataset(written('contaminated.csv', twoArms));
    expect(dataset.rows).toHaveLength(3);
    expect(dataset.leftOut).toEqual({ contaminated: 1, incomplete: 0 });
  });

  it('gives rows without a bucket value a bucket of their own', async () => {
    const dataset = await readDataset(written('nowhere.csv', twoArms));
    expect(dataset.buckets).toEqual(['astronomy', 'law, civil', '(none)']);
  });

  it('reads gzip by its content, whatever the file is called', async () => {
    const plain = await readDataset(written('plain.csv', twoArms), 'same');
    const zipped = await readDataset(written('zipped.csv.gz', gzipSync(twoArms)), 'same');
    const disguised = await readDataset(written('disguised.csv', gzipSync(twoArms)), 'same');
    expect(zipped).toEqual(plain);
    expect(disguised).toEqual(plain);
  });

  it('reads a byte order mark, carriage returns, blanks around cells and a last line without an end', async () => {
    const dataset = await readDataset(written('windows.csv', '\ufeffs_a, s_b ,task\r\n 0.5 ,1e-1,x\r\n.25,1.,x'));
    expect(dataset.arms).toEqual(['a', 'b']);
    expect(dataset.rows.map((row) => row.rewards)).toEqual([
      [0.5, 0.1],
      [0.25, 1],
    ]);
  });

  it('turns arm names that a domain does not take into ones that it takes, each still its own', async () => {
    const dataset = await readDataset(
      written('odd.csv', 's_meta/llama-3.1:8b,s_Grüße (neu),s_Gr--e--neu-,s__x,s_?\n1,0,0,0,1\n'),
    );
    expect(dataset.arms).toEqual(['meta/llama-3.1:8b', 'Gr--e--neu-', 'Gr--e--neu--2', 'x', 'arm']);
    expect(dataset.rows[0]?.rewards).toEqual([1, 0, 0, 0, 1]);
  });

  it('misses no outcome of an arm that it was told to leave out', async () => {
    const path = written('three.csv', 'r_a,r_b,r_c,c_a,c_b,c_c\n0.1,0.2,0.3,1,2,3\n0.4,0.5,,4,5,\n');
    const dataset = await readDataset(path, 'three', { without: ['c'] });
    expect(dataset.arms).toEqual(['a', 'b']);
    expect(dataset.rows.map(({ rewards, dollars }) => [rewards, dollars])).toEqual([
      [
        [0.1, 0.2],
        [1, 2],
      ],
      [
        [0.4, 0.5],
        [4, 5],
      ],
    ]);
  });

  it('reads dollars beside rewards and leaves out rows in which an arm is missing', async () => {
    const dataset = await readDataset(
      written('priced.csv', 'id,source,r_a,r_b,c_a,c_b\n1,x,0.4,1,3.7e-05,0.5\n2,x,0.4,,0.1,\n3,y,0.4,0.5,0.1,\n'),
    );
    expect(dataset.priced).toBe(true);
    expect(dataset.rows).toEqual([{ context: { source: 'x' }, rewards: [0.4, 1], dollars: [3.7e-5, 0.5] }]);
    expect(dataset.leftOut).toEqual({ contaminated: 0, incomplete: 2 });
    expect(dataset.buckets).toEqual(['x']);
  });

  it('does without dollars where only some arms have them', async () => {
    const dataset = await readDataset(written('halfpriced.csv', 'r_a,r_b,c_a\n0.4,1,0.1\n'));
    expect(dataset.priced).toBe(false);
    expect(dataset.rows[0]?.dollars).toEqual([]);
  });

  it('makes no feature of what is an outcome or of the prompt', async () => {
    const dataset = await readDataset(
      written('outcomes.csv', 'correct_a,correct_b,out_chars_a,out_chars_b,prompt_chars,prompt\n1,0,9,9,9,hi\n'),
    );
    expect(dataset.bucketFeature).toBeNull();
    expect(dataset.rows[0]?.context).toEqual({});
  });

  it('reads of the prompt what is asked for, and asks for what is not there in vain', async () => {
    const path = written('prompts.csv', 's_a,s_b,prompt_chars,prompt,x\n1,0,2,"h,i",0\n1,0,,,0\n');
    const prompts = async (prompt: readonly PromptFeature[]) =>
      (await readDataset(path, 'prompts', { prompt })).rows.map((row) => row.prompt);
    expect(await prompts(['text', 'chars'])).toEqual([
      { prompt: 'h,i', prompt_chars: 2 },
      { prompt: '', prompt_chars: 0 },
    ]);
    expect(await prompts(['chars'])).toEqual([{ prompt_chars: 2 }, { prompt_chars: 0 }]);
    expect(await prompts([])).toEqual([undefined, undefined]);
    const without = written('promptless.csv', 's_a,s_b\n1,0\n');
    await expect(readDataset(without, 'promptless', { prompt: ['text'] })).rejects.toMatchObject({
      code: 'request_invalid',
      message: 'The file has no column prompt.',
    });
  });

  it('reads whatever rewards and prompts were written', async () => {
    const row = fc.record({
      prompt: fc.string(),
      a: fc.double({ min: 0, max: 1, noNaN: true }),
      b: fc.constantFrom(0, 1),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
        const quoted = rows.map(({ prompt, a, b }) => `"${prompt.replaceAll('"', '""')}",${a},${b}`);
        const dataset = await readDataset(written('any.csv', `prompt,s_a,s_b\n${quoted.join('\n')}\n`));
        expect(dataset.rows.map((read) => read.rewards)).toEqual(rows.map(({ a, b }) => [a, b]));
      }),
      { numRuns: 40 },
    );
  });
});

describe('a file that cannot be used', () => {
  const refused = (name: string, content: string | Buffer) => expect(readDataset(written(name, content))).rejects;

  it('is told by the columns that are understood', async () => {
    await refused('mtbench.csv', 'question_id,category,mixtral_turn1,gpt4_turn1\n1,writing,10,9\n').toMatchObject({
      code: 'request_invalid',
      message: expect.stringContaining('mixtral_turn1'),
      problem: { remedy: expect.stringContaining('correct_<arm>, s_<arm> or r_<arm>') },
    });
  });

  it('is told when one arm leaves nothing to choose', async () => {
    await refused('lonely.csv', 's_a,task\n1,x\n').toMatchObject({ code: 'request_invalid' });
  });

  it('is told the row of a cell that is no number', async () => {
    for (const cell of ['high', 'NaN', '0x1', 'Infinity', '1 2']) {
      await refused('cell.csv', `s_a,s_b\n1,0\n1,${cell}\n`).toMatchObject({
        code: 'request_invalid',
        message: expect.stringMatching(/^Row 3 .*the reward of b/),
      });
    }
  });

  it('is told the row of a reward outside of 0 and 1', async () => {
    await refused('range.csv', 's_a,s_b\n1,7\n').toMatchObject({ message: expect.stringMatching(/^Row 2 .*is 7/) });
  });

  it('is told the row of a bucket value that is too long', async () => {
    await refused('long.csv', `s_a,s_b,task\n1,1,${'x'.repeat(129)}\n`).toMatchObject({
      message: expect.stringMatching(/^Row 2 .*task has 129 characters/),
    });
  });

  it('is told when it is empty, has a header only, or has no row that counts', async () => {
    await refused('empty.csv', '').toMatchObject({ message: expect.stringContaining('has no rows') });
    await refused('header.csv', 's_a,s_b\n').toMatchObject({ message: expect.stringContaining('has no rows') });
    await refused('allout.csv', 's_a,s_b\n1,\n').toMatchObject({ message: expect.stringContaining('All 1 rows') });
  });

  it('is told when the gzip is cut short or is none', async () => {
    const whole = gzipSync(`s_a,s_b\n${'1,0\n'.repeat(5000)}`);
    await refused('cut.csv.gz', whole.subarray(0, whole.length - 9)).toMatchObject({
      code: 'request_invalid',
      message: expect.stringContaining('not a complete gzip file'),
    });
    await refused('none.csv.gz', twoArms).toMatchObject({
      message: expect.stringContaining('not a complete gzip file'),
    });
    await refused('nothing.csv.gz', '').toMatchObject({ code: 'request_invalid' });
  });

  it('is told when a row has another number of cells, a quote stays open or a column is there twice', async () => {
    await refused('ragged.csv', 's_a,s_b\n1,0,1\n').toMatchObject({ message: expect.stringContaining('line 2') });
    await refused('open.csv', 's_a,s_b,prompt\n1,0,"never ends\n').toMatchObject({ code: 'request_invalid' });
    await refused('twice.csv', 's_a,s_b,s_a\n1,0,1\n').toMatchObject({
      message: expect.stringContaining('s_a is there twice'),
    });
  });

  it('is told when it is a directory or is not there', async () => {
    mkdirSync(join(folder, 'directory.csv'));
    await expect(readDataset(join(folder, 'directory.csv'))).rejects.toMatchObject({ code: 'request_invalid' });
    await expect(readDataset(join(folder, 'missing.csv'))).rejects.toMatchObject({ code: 'request_invalid' });
  });
});
