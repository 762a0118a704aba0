/**
 * How our subjects look on the wire. All stand behind the prefix, where there is one. What is asked of `reward` and `control` goes
 * below `ask`: the subjects themselves belong to JetStream's streams, which answer whatever comes there with an acknowledgement.
 */

const SUBJECT = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
const STREAMED = /^(reward|control)\./;
/** Subjects that nobody is asked on: what comes there with a subject for replies is told all the same, by JetStream's own clients. */
const TOLD = /^(events|advisory|nodes)\./;

export interface WireSubjects {
  /** Where a request goes. */
  asked(subject: string): string;
  /** Where a message is published. */
  told(subject: string): string;
  /** What a responder of the pattern listens to: one subject, or two. */
  askedPatterns(pattern: string): readonly string[];
  /** Our subject of a request that came; undefined where it is none. */
  ofRequest(wire: string, reply: string): string | undefined;
  /** Our subject of a message that was published; undefined where it is a request, or nothing of ours. */
  ofTold(wire: string, reply: string): string | undefined;
}

/** @param prefix with its dot, or empty */
export function wireSubjects(prefix: string): WireSubjects {
  const ours = (wire: string): string | undefined => {
    if (!wire.startsWith(prefix)) return undefined;
    const subject = prefix === '' ? wire : wire.slice(prefix.length);
    // Inboxes and the server's own subjects are seen by whoever listens to everything.
    return subject.startsWith('_INBOX.') || !SUBJECT.test(subject) ? undefined : subject;
  };
  return {
    asked: (subject) => prefix + (STREAMED.test(subject) ? `ask.${subject}` : subject),
    told: (subject) => prefix + subject,
    askedPatterns(pattern) {
      if (STREAMED.test(pattern)) return [`${prefix}ask.${pattern}`];
      // Whoever answers everything listens to what is below `ask` too; a star for the first word does not reach it.
      return pattern.startsWith('*.') ? [prefix + pattern, `${prefix}ask.${pattern}`] : [prefix + pattern];
    },
    ofRequest(wire, reply) {
      if (reply === '') return undefined;
      const subject = ours(wire);
      if (subject === undefined || STREAMED.test(subject) || TOLD.test(subject)) return undefined;
      return subject.startsWith('ask.') ? subject.slice(4) : subject;
    },
    ofTold(wire, reply) {
      const subject = ours(wire);
      if (subject === undefined) return undefined;
      return reply === '' || TOLD.test(subject) || STREAMED.test(subject) ? subject : undefined;
    },
  };
}
