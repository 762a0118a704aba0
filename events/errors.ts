/**
 * Every error Reckoner reports, in one table: its HTTP status, and what to do about it. The message says what happened and
 * is given where the error is raised; it never carries secrets, message text or stack traces.
 */
const table = {
  request_invalid: [400, 'Correct what the details name; GET /docs shows what every request looks like.'],
  decision_id_invalid: [
    400,
    'Use the decisionId exactly as it was returned; ids cannot be edited or taken from another installation.',
  ],
  query_refused: [
    400,
    'Ask with one SELECT over the tables that `reckoner query --tables` names; nothing can be changed through it.',
  ],
  host_not_allowed: [
    403,
    'Ask by localhost, 127.0.0.1 or [::1]; to be reached by other names, start it with --host and such an address.',
  ],
  domain_unknown: [404, 'GET /v1/domains lists the domains; PUT /v1/domains/{domain} creates one.'],
  decision_unknown: [
    404,
    'The id is genuine, but this log does not hold its decision: check that it is the right log, and no older backup.',
  ],
  reward_unknown: [404, 'GET /v1/decisions/{id} lists the rewards of a decision and their ids.'],
  rollback_point_unknown: [
    404,
    'GET /v1/domains/{domain}/rollback-points lists the points that it can be returned to.',
  ],
  item_unknown: [404, 'Record the items that were shown (POST /v1/decisions/{id}/items) before rewarding one of them.'],
  route_unknown: [404, 'GET /openapi.json lists the routes.'],
  method_not_allowed: [405, 'GET /openapi.json lists the methods of each route.'],
  request_timeout: [408, 'Send the whole request without pauses; large work fits better in smaller batches.'],
  request_id_reused: [409, 'Send a new requestId for a new request; repeat the same body to get the recorded answer.'],
  reward_already_recorded: [
    409,
    'Retract the recorded reward first (DELETE /v1/decisions/{id}/rewards/{rewardId}), or send a requestId of its own.',
  ],
  price_held: [
    409,
    'Look whether the price is right. If it is, send the same configuration again with "confirmPrices": true in it.',
  ],
  destination_differs: [
    409,
    'Name a destination that is empty, or one that holds a beginning of this very log and that nobody else writes to.',
  ],
  payload_too_large: [413, 'Send less in one request, or split it into batches.'],
  media_type_unsupported: [415, 'Send the body as application/json.'],
  headers_too_large: [
    431,
    'Send fewer or shorter headers, and no data in the URL: 16 KiB is the limit for both together.',
  ],
  agent_unknown: [
    422,
    'Give the node an agent of this id, or name another one in the arm’s configuration; or decide and act yourself.',
  ],
  arm_unknown: [422, 'Use the arms of the domain: GET /v1/domains/{domain} lists them.'],
  context_invalid: [422, 'GET /v1/domains/{domain} shows the context schema and an exampleContext that is valid.'],
  config_invalid: [422, 'Correct the configuration at the paths that the details name; GET /docs shows every field.'],
  reward_invalid: [422, 'A reward is a value in [0, 1], a feedback the domain maps, or components in [0, 1].'],
  candidates_none: [422, 'Relax the constraints, or give the domain a fallback arm.'],
  overloaded: [503, 'Wait as long as Retry-After says, then send the same request again.'],
  conflict: [503, 'Others wrote first; send the same request again, after as long as Retry-After says.'],
  outcome_unknown: [
    503,
    'It may have been recorded: repeat it with the same requestId, and it counts once. Without one it may count twice.',
  ],
  shutting_down: [503, 'This node is draining; send the request to another node or after the restart.'],
  log_locked: [
    503,
    'Another process has held the log file for long: send the request again later, or stop that process.',
  ],
  log_unreachable: [
    503,
    'Start EventStoreDB, or correct EVENTSTORE_URL; the node takes up work again by itself when it answers.',
  ],
  projections_building: [
    503,
    'Read models are made from the log in the background: ask again later; `reckoner projections` shows how far they are.',
  ],
  disk_nearly_full: [
    507,
    'Free space on the disk of the data directory: the node takes up work again by itself. Reads go on; this was not recorded.',
  ],
  log_full: [507, 'Free space on the disk of the data directory, then send the request again: it was not recorded.'],
  log_corrupt: [
    500,
    'Stop the server, keep a copy of the file, and restore the last backup; `reckoner doctor` names the damage.',
  ],
  segment_missing: [
    410,
    'Bring the archived segment back to its place (`reckoner archive --list` names both): it is found there without a restart.',
  ],
  backup_invalid: [
    422,
    'Use another backup: `reckoner restore` takes only what is complete and byte for byte as it was made.',
  ],
  log_newer: [500, 'Upgrade Reckoner, or open a data directory written by this version.'],
  log_unusable: [500, 'Check that the data directory exists and that this user may write to it.'],
  log_elsewhere: [
    409,
    'Copy it first: reckoner copy-log --from eventstore --to DIR; then the same command with --data-dir DIR. What is asked over HTTP, and explain, posterior, domains and rollback, work on it as it is.',
  ],
  port_unavailable: [500, 'Stop what listens there, or choose another host or port; port 0 takes any that is free.'],
  keys_invalid: [
    500,
    'Restore the keys from their backup (`reckoner keys restore`): decision ids cannot be checked by other keys.',
  ],
  bus_settings_invalid: [
    500,
    'Correct the variable that is named: NATS_URL (nats://host:4222, several joined by commas) and, of NATS_CREDS, NATS_NKEY, NATS_USER with NATS_PASSWORD, and NATS_TOKEN, at most one; secrets may be in files (…_FILE).',
  ],
  bus_refused: [
    500,
    'Check the user, password, token, key or credentials that NATS was given (NATS_USER, NATS_TOKEN, NATS_NKEY, NATS_CREDS), and that the server knows them.',
  ],
  bus_unreachable: [
    503,
    'Start the NATS server, or correct NATS_URL. Once it answers, the node connects by itself; what was asked meanwhile was not recorded.',
  ],
  salts_unreachable: [
    503,
    'Salts of people are in NATS: see that its server runs, with JetStream, and lets this node use the bucket reckoner_salts (`reckoner doctor`). Requests without a subject are answered.',
  ],
  agent_failed: [502, 'Send the same request again, which asks the agents anew; or name other candidates.'],
  deadline_exceeded: [504, 'Give the request more time, or fewer and faster candidates.'],
  internal: [
    500,
    'Report it with the correlationId. What was to be recorded may have been: repeat it with the same requestId.',
  ],
} as const satisfies Record<string, readonly [number, string]>;

export type ErrorCode = keyof typeof table;

export const errorCodes = Object.keys(table) as readonly ErrorCode[]; // keys of a const table are its codes

/** What crosses a bus or a door in place of an exception. */
export interface Problem {
  readonly code: ErrorCode;
  /** HTTP status that fits. */
  readonly status: number;
  /** What happened. */
  readonly message: string;
  /** What to do. */
  readonly remedy: string;
  /** Paths into the request and what is wrong there. */
  readonly details?: readonly { readonly path: string; readonly message: string }[];
  /** Seconds to wait before trying again. */
  readonly retryAfter?: number;
}

export interface ProblemDetails {
  readonly details?: Problem['details'];
  readonly retryAfter?: number;
  readonly cause?: unknown;
  /** Replaces the table's remedy where a better one is known. */
  readonly remedy?: string;
}

/** The one exception type of the house. */
export class ReckonerError extends Error {
  override readonly name = 'ReckonerError';
  readonly problem: Problem;

  constructor(code: ErrorCode, message: string, more: ProblemDetails = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    const [status, remedy] = table[code];
    const retryAfter = more.retryAfter ?? (status === 503 ? 1 : undefined);
    this.problem = {
      code,
      status,
      message,
      remedy: more.remedy ?? remedy,
      ...(more.details === undefined ? {} : { details: more.details }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    };
  }

  get code(): ErrorCode {
    return this.problem.code;
  }
}

/** Turns anything thrown into a problem; what is not ours becomes `internal` and keeps its text to itself. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof ReckonerError) return thrown.problem;
  return new ReckonerError('internal', 'Something failed that should not have.').problem;
}

/** A problem as an exception again, remedy and all: what a bus, a thread or an actor's reply carried over. */
export function errorOf(problem: Problem): ReckonerError {
  return new ReckonerError(problem.code, problem.message, problem);
}

/** The status and remedy of a code, for documentation. */
export function remedyOf(code: ErrorCode): { readonly status: number; readonly remedy: string } {
  const [status, remedy] = table[code];
  return { status, remedy };
}
