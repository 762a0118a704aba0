/**
 * A process of its own that copies a log file, and kills itself before the given append.
 *
 *   node copy-child.js <from> <to> <append>
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { copyLog } from '../../../adapters/keeping/copy-log.ts';
import { openSqliteEventLog } from '../../../adapters/sqlite/event-log.ts';

const [from = '', to = '', at = '1'] = process.argv.slice(2);
const destination = openSqliteEventLog({ file: to });
let appends = 0;
await copyLog({
  from: { log: openSqliteEventLog({ file: from }), name: 'from', ordered: true },
  to: {
    log: {
      ...destination,
      append(...append) {
        appends += 1;
        if (appends === Number(at)) process.kill(process.pid, 'SIGKILL');
        return destination.append(...append);
      },
    },
    name: 'to',
    // One append after the other: so that it is known where it ends.
    ordered: false,
  },
  sleep: (ms) => sleep(ms),
});
