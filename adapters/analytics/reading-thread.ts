/** The thread that reads pages: `page-reader.ts` starts it with the file. */
import { parentPort, workerData } from 'node:worker_threads';
import { problemOf } from '../../events/errors.ts';
import { openReadModels } from '../projector/reader.ts';
import type { PageAnswer, PageRequest } from './page-reader.ts';
import { readAsOf, readPage } from './read-page.ts';

const port = parentPort;
if (port === null) throw new Error('reading-thread.ts is started by page-reader.ts only');
const models = openReadModels(String(workerData));

port.on('message', ({ id, name, asked }: PageRequest) => {
  port.postMessage(answerTo(id, () => (asked === undefined ? readAsOf(models, name) : readPage(models, name, asked))));
});

function answerTo(id: number, read: () => Extract<PageAnswer, { page: object }>['page']): PageAnswer {
  try {
    return { id, page: read() };
  } catch (thrown) {
    return { id, problem: problemOf(thrown) };
  }
}
