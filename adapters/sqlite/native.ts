/** Whether SQLite's native part is sound on the Node that it was built for. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ReckonerError } from '../../events/errors.ts';

/**
 * From Node 24.19 on, `node_object_wrap.h` unregisters a hook whenever memory is tidied, where version 12 of better-sqlite3 has no
 * environment to unregister from: Node then aborts. What was built with older headers does not, whatever Node runs it.
 */
const FATAL_SYMBOL = 'RemoveEnvironmentCleanupHook';

/** What is to be feared of the native part that this process uses; undefined where nothing is. */
export function doubtOfNativePart(): ReckonerError | undefined {
  try {
    const file = createRequire(import.meta.url).resolve('better-sqlite3/build/Release/better_sqlite3.node');
    return doubtOf(readFileSync(file));
  } catch {
    return undefined; // it lies elsewhere: whether it can be loaded at all is another question
  }
}

/** The same of the bytes of a native part. */
export function doubtOf(nativePart: Buffer): ReckonerError | undefined {
  if (!nativePart.includes(FATAL_SYMBOL)) return undefined;
  const message =
    'better-sqlite3 was built with headers of Node 24.19 or newer: Node may abort this process at any moment.';
  const remedy =
    'Nothing recorded is lost by that. Use Node 20 or 22, or build with the headers of 24.18: npm_config_target=24.18.0 npm rebuild better-sqlite3.';
  return new ReckonerError('log_unusable', message, { remedy });
}
