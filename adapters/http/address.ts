/** Where the door listens unless it is told otherwise: only this machine reaches it there. */
export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 8080;
