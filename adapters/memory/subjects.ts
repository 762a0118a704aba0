/** The grammar of subjects, and who wants which. */
import { ReckonerError } from '../../events/errors.ts';

const WORD = '[A-Za-z0-9_-]+';
const SUBJECT = new RegExp(`^${WORD}(\\.${WORD})*$`);
const PATTERN = new RegExp(`^((${WORD}|\\*)\\.)*(${WORD}|\\*|>)$`);

/** @throws ReckonerError request_invalid where it is not words joined by dots */
export function requireSubject(subject: string): void {
  if (!SUBJECT.test(subject)) {
    throw new ReckonerError('request_invalid', 'A subject is words of letters, digits, _ and - joined by dots.');
  }
}

/** @throws ReckonerError request_invalid where it is neither a subject nor one with wildcards */
export function requirePattern(pattern: string): void {
  if (!PATTERN.test(pattern)) {
    throw new ReckonerError(
      'request_invalid',
      'A pattern is a subject in which * stands for a word and a final > for more.',
    );
  }
}

/** Whether a subject fits a pattern: `*` is any one word, a final `>` one or more. Both are taken to be well formed. */
export function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const words = subject.split('.');
  for (const [index, word] of wanted.entries()) {
    if (word === '>') return words.length > index;
    if (word !== '*' && word !== words[index]) return false;
    if (index >= words.length) return false;
  }
  return wanted.length === words.length;
}

export interface SubjectIndex<T> {
  /** Enters someone under a pattern; call the result to take them out again. */
  add(pattern: string, entry: T): () => void;
  /**
   * Those whose pattern fits, in the order they came. The same array until somebody comes or goes: it may serve as a key.
   * @throws ReckonerError request_invalid where the subject is malformed
   */
  of(subject: string): readonly T[];
}

/**
 * Remembers the answer for each subject, so that asking again is one lookup.
 * @param remembered how many subjects to remember; callers may choose subjects, so that there must be an end
 */
export function createSubjectIndex<T>(remembered: number): SubjectIndex<T> {
  const exact = new Map<string, Set<T>>();
  const wild = new Map<T, string>();
  const answers = new Map<string, readonly T[]>();
  const order = new Map<T, number>();
  let entered = 0;

  function find(subject: string): readonly T[] {
    requireSubject(subject);
    const found = [...(exact.get(subject) ?? [])];
    for (const [entry, pattern] of wild) if (matches(pattern, subject)) found.push(entry);
    found.sort((left, right) => (order.get(left) ?? 0) - (order.get(right) ?? 0));
    if (answers.size >= remembered) answers.clear();
    answers.set(subject, found);
    return found;
  }

  return {
    add(pattern, entry) {
      requirePattern(pattern);
      answers.clear();
      order.set(entry, entered++);
      if (/[*>]/.test(pattern)) wild.set(entry, pattern);
      else exact.set(pattern, (exact.get(pattern) ?? new Set()).add(entry));
      return () => {
        answers.clear();
        order.delete(entry);
        wild.delete(entry);
        const others = exact.get(pattern);
        others?.delete(entry);
        if (others?.size === 0) exact.delete(pattern);
      };
    },
    of: (subject) => answers.get(subject) ?? find(subject),
  };
}
