/** A TCP proxy that can be cut and healed: how a node is parted from a server that goes on for others. */
import { createServer, connect as dial, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Connections are lost, and new ones are not taken up. */
  cut(): void;
  /** Nothing gets through in either direction, and nobody is told. */
  silence(): void;
  heal(): void;
  stop(): Promise<void>;
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let state: 'open' | 'cut' | 'silent' = 'open';
  const server = createServer((near) => {
    if (state === 'cut') return void near.destroy();
    const far = dial(target, '127.0.0.1');
    const ends: readonly (readonly [Socket, Socket])[] = [
      [near, far],
      [far, near],
    ];
    for (const [from, to] of ends) {
      sockets.add(from);
      from.on('data', (chunk) => {
        if (state === 'open') to.write(chunk); // what comes in silence is lost
      });
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port is free.');
  const end = () => {
    for (const socket of [...sockets]) socket.destroy();
  };
  return {
    port: address.port,
    cut() {
      state = 'cut';
      end();
    },
    silence() {
      state = 'silent';
    },
    heal() {
      // Connections that lost bytes in silence are of no use.
      if (state === 'silent') end();
      state = 'open';
    },
    stop() {
      end();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
