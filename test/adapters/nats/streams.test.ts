/** Whole nodes that die between the append and the acknowledgement, and while they publish. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openNode } from '../../../adapters/cli/compose.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';
import { walkChains } from '../../../events/chain.ts';
import { compiled, root } from '../../compiled.ts';
import { temporaryDirectory } from '../sqlite/temporary.ts';
import { natsServerPath } from './find-server.ts';
import { DOMAIN, decided, leftIn, openSender, reward, rewardsIn, until } from './intake-stage.ts';
import { startNatsServer } from './server.ts';
import type { StreamsChildOptions } from './streams-child.ts';

beforeAll(compiled, 60_000);

const REWARDS = 150;

function start(options: StreamsChildOptions): ChildProcess {
  const child = fork(join(root, 'dist/test/adapters/nats/streams-child.js'), [JSON.stringify(options)]);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

const gone = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

describe.skipIf(natsServerPath === undefined)('nodes that join over NATS', () => {
  test('lose and double nothing when they are killed between append and acknowledgement', async () => {
    const nats = await startNatsServer();
    onTestFinished(nats.stop);
    const dataDir = temporaryDirectory();
    const first = await openNode({ dataDir });
    const ids = await decided(first.reckoner, REWARDS);
    await first.close();
    const sender = await openSender(nats.url);
    const log = openSqliteEventLog({ file: join(dataDir, 'events.db') });
    onTestFinished(log.close);

    // Each life has messages of its own, beside those that the one before it left.
    const parts = [ids.slice(0, 50), ids.slice(50, 100), ids.slice(100)];
    for (const [at, part] of parts.entries()) {
      const child = start({ dataDir, url: nats.url, dieAt: 1 });
      await Promise.all(part.map((id, n) => sender.insist(`reward.${DOMAIN}`, reward(id), `r-${at * 50 + n}`)));
      await until('it is dead', () => gone(child), 30_000);
      expect(child.signalCode).toBe('SIGKILL');
    }
    expect(await leftIn(sender)).toBeGreaterThan(0);
    const last = start({ dataDir, url: nats.url });
    await until('all are recorded', async () => (await rewardsIn(log)).size === REWARDS, 30_000);
    await until('nothing is left', async () => (await leftIn(sender)) === 0);
    expect(new Set((await rewardsIn(log)).values())).toEqual(new Set([1]));
    expect((await walkChains(log, () => {})).broken).toBeUndefined();

    // Every reward was published too, also those whose node died before it could: once, as far as the stream’s window goes.
    const manager = await sender.link.connection.jetstreamManager();
    const published = async () =>
      (await manager.streams.info('RECKONER_EVENTS', { subjects_filter: '>' })).state.subjects;
    await until('all are published', async () => (await published())?.['events.RewardObserved'] === REWARDS, 40_000);
    const ended = new Promise((resolve) => last.once('exit', (code) => resolve(code)));
    last.kill('SIGTERM');
    expect(await ended).toBe(0);
  }, 90_000);
});
