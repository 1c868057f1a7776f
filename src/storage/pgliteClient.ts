/**
 * PGlite, made cheap and polite. It computes on this thread, so what it computes the rest of the server lacks: a statement is parsed
 * once and goes as one message from then on, where PGlite's own `query` parses it each time and sends six messages. And its
 * promises settle without ever leaving the microtask queue: a transaction of ten statements would hold the event loop from its
 * first to its last. Here the loop turns before each message.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { QueryOptions, Results, Transaction } from '@electric-sql/pglite';
import { PGlite, parse, protocol } from '@electric-sql/pglite';

const { serialize } = protocol;

/** More than the service has; lists of parameters of different lengths make statements of their own. */
const STATEMENTS = 200;

/**
 * From its sixth use on, PostgreSQL may keep a statement's plan. For a write that goes by keys this saves half its time, if it is made
 * anew now and then, for tables grow; what a read costs depends on the values it is given, so it is planned for them each time.
 */
const USES = { read: 5, write: 100 } as const;
const WRITE = /^(insert|update|delete) /;

/** A table has other columns than when the statement was parsed, or the statement is gone. */
const OUTDATED = new Set(['0A000', '26000']);

interface Prepared {
  readonly name: string;
  readonly parameterTypes: readonly number[];
  /** What would stand before the rows in every answer. */
  readonly described: Described;
  /** Of its columns' types. */
  readonly parsers: PGlite['parsers'];
  uses: number;
}

type Described = Awaited<ReturnType<PGlite['execProtocolStream']>>;

export class PgliteClient extends PGlite {
  /** By their text; the one that was used last comes last. */
  readonly #statements = new Map<string, Prepared>();
  #named = 0;

  override async execProtocolRaw(...args: Parameters<PGlite['execProtocolRaw']>): Promise<Uint8Array> {
    await turnOfTheLoop();
    return super.execProtocolRaw(...args);
  }

  override async query<T>(text: string, parameters: unknown[] = [], options: QueryOptions = {}): Promise<Results<T>> {
    await this._checkReady();
    return this._runExclusiveTransaction(() => this.#run(text, parameters, options));
  }

  override transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return super.transaction((tx) => {
      const query = async <R>(
        text: string,
        parameters: unknown[] = [],
        options: QueryOptions = {},
      ): Promise<Results<R>> => {
        if (tx.closed) throw new Error('the transaction is over');
        return this.#run(text, parameters, options);
      };
      return work({ ...tx, query });
    });
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

  /** One that has been used up, or else the oldest where there are too many. */
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
