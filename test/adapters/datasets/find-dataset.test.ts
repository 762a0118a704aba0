import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFolder, datasetsIn, findDataset } from '../../../adapters/datasets/find-dataset.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reckoner-folder-'));
  mkdirSync(join(folder, 'routellm'));
  writeFileSync(join(folder, 'routellm', 'mmlu.csv.gz'), '');
  writeFileSync(join(folder, 'routellm', 'README.md'), '');
  writeFileSync(join(folder, 'mine.csv'), '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('finding a dataset', () => {
  it('takes the folder that is told, else RECKONER_DATA, else ../shared/data', () => {
    expect(dataFolder('/told', { RECKONER_DATA: '/environment' })).toBe('/told');
    expect(dataFolder(undefined, { RECKONER_DATA: '/environment' })).toBe('/environment');
    expect(dataFolder(undefined, {})).toMatch(/\/shared\/data$/);
  });

  it('finds a file of the folder with and without its ending, and any file by its path', () => {
    const mmlu = join(folder, 'routellm', 'mmlu.csv.gz');
    for (const name of ['routellm/mmlu', 'routellm/mmlu.csv.gz']) {
      expect(findDataset(name, folder)).toBe(mmlu);
    }
    expect(findDataset('mine', folder)).toBe(join(folder, 'mine.csv'));
    expect(findDataset(mmlu, '/nowhere')).toBe(mmlu);
    expect(findDataset(join(folder, 'mine'), '/nowhere')).toBe(join(folder, 'mine.csv'));
  });

  it('finds the packed file where the plain one was asked for', () => {
    expect(findDataset('routellm/mmlu.csv', folder)).toBe(join(folder, 'routellm', 'mmlu.csv.gz'));
  });

  it('lists the files that are there', () => {
    expect(datasetsIn(folder)).toEqual(['mine', 'routellm/mmlu']);
  });

  it('names the files that are there when one is missing', () => {
    expect(() => findDataset('routellm/none', folder)).toThrowError(
      expect.objectContaining({
        code: 'request_invalid',
        problem: expect.objectContaining({
          remedy: expect.stringMatching(/mine, routellm\/mmlu.*--data DIR or RECKONER_DATA/),
        }),
      }),
    );
  });

  it('reminds of the folder when it was left out', () => {
    expect(() => findDataset('mmlu', folder)).toThrowError(
      expect.objectContaining({
        problem: expect.objectContaining({ remedy: expect.stringMatching(/^Did you mean routellm\/mmlu\? There are/) }),
      }),
    );
  });

  it('says how to name a data folder when there is none', () => {
    expect(() => findDataset('routellm/mmlu', '/nowhere')).toThrowError(
      expect.objectContaining({
        message: expect.stringContaining('/nowhere does not exist'),
        problem: expect.objectContaining({ remedy: expect.stringMatching(/--data DIR.*RECKONER_DATA/) }),
      }),
    );
  });
});
