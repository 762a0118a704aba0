/**
 * A process of its own that archives all of a data directory but the newest events, and kills itself at a point.
 *
 *   node archive-child.js <data directory> <point> <times>
 */
import { dataFiles } from '../../../adapters/cli/compose/data-files.ts';
import { archiveEvents } from '../../../adapters/keeping/archive.ts';

const [dataDir = '', point = '', times = '1'] = process.argv.slice(2);
let passed = 0;
await archiveEvents({
  dataDir,
  names: dataFiles,
  before: { row: Number.MAX_SAFE_INTEGER },
  now: 0,
  chunk: 7,
  onPoint: (name) => {
    if (name === point && ++passed === Number(times)) process.kill(process.pid, 'SIGKILL');
  },
});
