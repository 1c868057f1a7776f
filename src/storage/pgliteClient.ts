/**
 * PGlite computes on this thread, so its work blocks the server. This client saves work: a statement is parsed once and
 * then takes one message, whereas PGlite's own `query` parses each time and sends six messages. It also yields:
 * PGlite's promises settle within the microtask queue, so a transaction of ten statements would block the event loop
 * from its first statement to its last. Here, the event loop runs before each message. Statements and transactions wait
 * in turns of tenants: a tenant with a hundred of them delays another's by one.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { QueryOptions, Results, Transaction } from '@electric-sql/pglite';
import { PGlite, parse, protocol } from '@electric-sql/pglite';
import { createFairSemaphore } from '../fairSemaphore.js';
import { currentTenant } from '../observability/logContext.js';

const { serialize } = protocol;

/** More than the service has. Parameter lists of different lengths are different statements. */
const STATEMENTS = 200;

/**
 * From the sixth use of a statement on, PostgreSQL can keep its plan. That halves the time of a write by key, provided
 * that the plan is renewed now and then, because tables grow. The cost of a read depends on its values, so a read is
 * planned each time.
 */
const USES = { read: 5, write: 100 } as const;
const WRITE = /^(insert|update|delete) /;

/** A table has other columns than when the statement was parsed, or the statement does not exist any more. */
const OUTDATED = new Set(['0A000', '26000']);

interface Prepared {
  readonly name: string;
  readonly parameterTypes: readonly number[];
  /** The messages that precede the rows in every answer. */
  readonly described: Described;
  /** For the types of its columns. */
  readonly parsers: PGlite['parsers'];
  uses: number;
}

/** Stands for the work that is no tenant's: looking up keys, claiming, and cleaning. */
const NO_TENANT = '';

type Described = Awaited<ReturnType<PGlite['execProtocolStream']>>;

export class PgliteClient extends PGlite {
  /** By text. The most recently used one is last. */
  readonly #statements = new Map<string, Prepared>();
  #named = 0;
  /** One at a time, as PGlite itself has it. Callers bound how many wait. */
  readonly #turns = createFairSemaphore({ total: 1, perTenant: 1, waitingPerTenant: Infinity, what: 'statements' });

  override async execProtocolRaw(...args: Parameters<PGlite['execProtocolRaw']>): Promise<Uint8Array> {
    await turnOfTheLoop();
    return super.execProtocolRaw(...args);
  }

  override async query<T>(text: string, parameters: unknown[] = [], options: QueryOptions = {}): Promise<Results<T>> {
    await this._checkReady();
    return this.#inTurn(() => this._runExclusiveTransaction(() => this.#run(text, parameters, options)));
  }

  override transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const run = (tx: Transaction): Promise<T> => {
      const query = async <R>(
        text: string,
        parameters: unknown[] = [],
        options: QueryOptions = {},
      ): Promise<Results<R>> => {
        if (tx.closed) throw new Error('the transaction has ended');
        return this.#run(text, parameters, options);
      };
      return work({ ...tx, query });
    };
    return this.#inTurn(() => super.transaction(run));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.run(currentTenant() ?? NO_TENANT, 1, work);
  }

  #run<T>(text: string, parameters: readonly unknown[], options: QueryOptions): Promise<Results<T>> {
    return this._runExclusiveQuery(async (): Promise<Results<T>> => {
      const { name, parameterTypes, described, parsers } = await this.#prepare(text, options);
      const values = parameters.map((value, i) => {
        if (value === null || value === undefined) return null;
        const serializer = this.serializers[parameterTypes[i] ?? 0];
        return serializer === undefined ? String(value) : serializer(value);
      });
      const answer = await this.#send(
        serialize.bind({ statement: name, values }),
        serialize.execute({}),
        serialize.sync(),
      ).catch((error: unknown) => {
        if (OUTDATED.has((error as { code?: string }).code ?? '')) this.#statements.delete(text);
        throw error;
      });
      const [result] = parse.parseResults([...described, ...answer], parsers, { rowMode: options.rowMode ?? 'object' });
      return result as Results<T>;
    });
  }

  async #prepare(text: string, { parsers = {} }: QueryOptions): Promise<Prepared> {
    const known = this.#statements.get(text);
    this.#statements.delete(text);
    if (known !== undefined && ++known.uses <= (WRITE.test(text) ? USES.write : USES.read)) {
      this.#statements.set(text, known);
      return known;
    }
    const name = `statement_${String(this.#named++)}`;
    const described = await this.#send(
      ...this.#drop(known),
      serialize.parse({ name, text }),
      serialize.describe({ type: 'S', name }),
      serialize.sync(),
    );
    const prepared = {
      name,
      parameterTypes: parse.parseDescribeStatementResults(described),
      described: described.filter((message) => message.name === 'rowDescription'),
      parsers: Object.fromEntries(
        typesOf(described).map((type) => [type, parsers[type] ?? this.parsers[type] ?? asText]),
      ),
      uses: 1,
    };
    this.#statements.set(text, prepared);
    return prepared;
  }

  /** Closes a used-up statement, or the oldest one when there are too many. */
  #drop(usedUp: Prepared | undefined): Uint8Array[] {
    const [oldest] = this.#statements;
    if (usedUp !== undefined) return [serialize.close({ type: 'S', name: usedUp.name })];
    if (oldest === undefined || this.#statements.size < STATEMENTS) return [];
    this.#statements.delete(oldest[0]);
    return [serialize.close({ type: 'S', name: oldest[1].name })];
  }

  #send(...messages: readonly Uint8Array[]): Promise<Described> {
    return this.execProtocolStream(Buffer.concat(messages), { syncToFs: false });
  }
}

function typesOf(described: Described): number[] {
  return described.flatMap((message) =>
    message instanceof protocol.messages.RowDescriptionMessage
      ? message.fields.map(({ dataTypeID }) => dataTypeID)
      : [],
  );
}

const asText = (value: string): string => value;
