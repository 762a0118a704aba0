/** The client waits for ever in places: everything that is asked of it gets an end of our own. */

/** Whoever did not answer in time. What was asked may still be done. */
export class TimeUp extends Error {
  override readonly name = 'TimeUp';
}

/**
 * The promise, or TimeUp after so many milliseconds. What comes of it after that is dropped, a failure too: it would else end
 * the process as one that nobody handles.
 */
export function within<T>(milliseconds: number, promise: Promise<T>, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeUp(`${what}: no answer in ${milliseconds} ms.`)), milliseconds);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (thrown) => {
        clearTimeout(timer);
        reject(thrown);
      },
    );
  });
}
