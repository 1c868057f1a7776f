/** A balancer that gives each new connection to the next process that takes it. */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

export interface RoundRobin {
  readonly origin: string;
  /** How many connections each port was given. */
  readonly given: ReadonlyMap<number, number>;
  close(): void;
}

export async function startRoundRobin(ports: readonly number[]): Promise<RoundRobin> {
  const given = new Map(ports.map((port) => [port, 0]));
  const open = new Set<Socket>();
  let turn = 0;

  function lead(client: Socket, first: number, tried: number): void {
    const port = ports[(first + tried) % ports.length] ?? 0;
    const server = connect(port, '127.0.0.1');
    const refused = (): void => {
      if (tried + 1 === ports.length) client.destroy();
      else lead(client, first, tried + 1);
    };
    server.once('error', refused);
    server.once('connect', () => {
      given.set(port, (given.get(port) ?? 0) + 1);
      server.off('error', refused).on('error', () => undefined);
      server.once('close', () => client.destroy());
      client.pipe(server).pipe(client);
    });
    client.once('close', () => server.destroy());
  }

  const balancer = createServer((client) => {
    open.add(client.once('close', () => open.delete(client)).on('error', () => undefined));
    lead(client, turn++, 0);
  });
  balancer.listen(0, '127.0.0.1');
  await once(balancer, 'listening');
  return {
    origin: `http://127.0.0.1:${String((balancer.address() as AddressInfo).port)}`,
    given,
    close() {
      balancer.close();
      for (const client of open) client.destroy();
    },
  };
}
