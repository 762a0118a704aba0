import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openNode } from '../../../adapters/cli/compose.ts';
import { openReadModels } from '../../../adapters/projector/reader.ts';
import { startProjectingThread, type ThreadOptions } from '../../../adapters/projector/thread.ts';
import { compiled, root } from '../../compiled.ts';
import { temporaryDirectory } from '../sqlite/temporary.ts';

beforeAll(compiled, 60_000);

const worker = pathToFileURL(join(root, 'dist/adapters/projector/worker.js'));

/** A node, and the thread that projects its log. */
async function started(more: Partial<ThreadOptions> = {}) {
  const dataDir = temporaryDirectory();
  const node = await openNode({ dataDir });
  await node.reckoner.configure('greeting', { arms: ['hello', 'hi'] });
  const troubles: string[] = [];
  const file = join(dataDir, 'projections.db');
  const thread = startProjectingThread({
    ...{ script: worker, projections: ['outcomes'], file, logFile: join(dataDir, 'events.db'), owner: 'the test' },
    ...{ random: () => 0.5, onTrouble: (_, thrown) => troubles.push(String(thrown)) },
    ...more,
  });
  const models = openReadModels(file);
  onTestFinished(async () => {
    await thread.stop();
    models.close();
    await node.close();
  });
  const count = () =>
    models.read(['decisions'], (database) => database.prepare('SELECT count(*) FROM decisions').pluck().get());
  return { node, thread, count, troubles, dataDir };
}

describe('the thread that projects', () => {
  test('lets a caller read its own writes, and stops when it is told', async () => {
    const { node, thread, count } = await started();
    for (let decisions = 1; decisions <= 5; decisions++) {
      await node.reckoner.decide('greeting', {});
      expect(await thread.whenProcessed(await node.log.head(), 15_000)).toBe(true);
      expect(count()).toBe(decisions);
    }
    expect(thread.status().state).toBe('projecting');
    await thread.stop();
    expect(thread.status().state).toBe('stopped');
    expect(await thread.whenProcessed(await node.log.head(), 10, ['nobody'])).toBe(false);
  });

  test.each([
    ['throws', "throw new Error('a crash')", 'Error: a crash'],
    [
      'throws later',
      "setTimeout(() => { throw new Error('a crash'); }, 50); await new Promise(() => {})",
      'Error: a crash',
    ],
    ['leaves a rejection', "Promise.reject(new Error('a crash')); await new Promise(() => {})", 'Error: a crash'],
    ['ends by itself', 'process.exit(3)', 'it ended'],
  ])(
    'is started again where it %s, and that is told',
    async (_, crash, told) => {
      const directory = temporaryDirectory();
      const script = join(directory, 'crashing.mjs');
      const marker = join(directory, 'crashed');
      writeFileSync(
        script,
        `import { existsSync, writeFileSync } from 'node:fs';
       if (!existsSync(${JSON.stringify(marker)})) {
         writeFileSync(${JSON.stringify(marker)}, '');
         ${crash};
       }
       await import(${JSON.stringify(worker.href)});`,
      );
      const { node, thread, count, troubles } = await started({ script: pathToFileURL(script) });
      await vi.waitUntil(() => thread.status().state === 'trouble', 10_000);
      expect(thread.status().problem?.remedy).toContain('started again by itself');
      expect(troubles).toEqual([expect.stringMatching(`has crashed: .*${told}`)]);
      await node.reckoner.decide('greeting', {});
      expect(await thread.whenProcessed(await node.log.head(), 15_000)).toBe(true);
      expect(count()).toBe(1);
      expect(thread.status()).toMatchObject({ state: 'projecting' });
    },
    30_000,
  );

  test('that cannot even be made is tried again, and takes nobody down', async () => {
    const { thread, troubles, node } = await started({ script: new URL('https://example.org/worker.js') });
    await vi.waitUntil(() => troubles.length > 1, 10_000);
    expect(thread.status()).toMatchObject({ state: 'trouble' });
    expect(await node.reckoner.decide('greeting', {})).toMatchObject({ decisionId: expect.any(String) });
  });
});
