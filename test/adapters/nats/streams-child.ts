/**
 * A node as `serve` opens it, without a door: its arguments are `{ dataDir, url, dieAt }` as JSON. It kills itself right after its
 * log has committed for the nth time, before anybody is told.
 */
import { openNode } from '../../../adapters/cli/compose.ts';

export interface StreamsChildOptions {
  readonly dataDir: string;
  readonly url: string;
  readonly dieAt?: number;
}

const { dataDir, url, dieAt }: StreamsChildOptions = JSON.parse(process.argv[2] ?? '{}');
let commits = 0;
const node = await openNode({
  dataDir,
  variables: { NATS_URL: url, NATS_ACK_WAIT_SECONDS: '1' },
  joins: { version: '0.0.0' },
  nodeName: 'child',
  onFailure: (where, thrown) => process.stderr.write(`${where}: ${String(thrown)}\n`),
  log: {
    onPoint(point) {
      if (point === 'afterCommit' && ++commits === dieAt) process.kill(process.pid, 'SIGKILL');
    },
  },
});
process.on('SIGTERM', () => void node.close().then(() => process.exit(0)));
process.on('disconnect', () => process.exit(1));
process.send?.({ ready: true });
