/**
 * The large results of operations over a WebSocket. The library makes JSON of a result in one piece, while all other
 * requests wait; so a large one becomes JSON here, in turns, and the library sends what is left.
 */
import type { ExecutionResult } from 'graphql';
import type { Log } from '../log.js';
import type { Answer } from '../resolvers/boundedAnswers.js';
import { publicResult } from './operations.js';
import { isLarge, stringifyInTurns } from './stringifyInTurns.js';

type Results = AsyncGenerator<ExecutionResult>;
/** Sends the JSON of one result of the operation. */
type Send = (json: string) => Promise<void>;

export interface SocketResults {
  /** For the result of a query or mutation, while the operation still counts: makes JSON of it, if it is large. */
  prepare(result: ExecutionResult, answer: Answer): Promise<void>;
  /** Sends the large results. Returns the others, or undefined if these are all. */
  sendLarge(result: ExecutionResult | Results, answerOf: () => Answer, send: Send): Promise<Results | undefined>;
}

export function createSocketResults(log: Log): SocketResults {
  const prepared = new WeakMap<ExecutionResult, string>();

  async function jsonOfLarge(result: ExecutionResult, answer: Answer): Promise<string | undefined> {
    return isLarge(answer) ? stringifyInTurns(publicResult(result, log), answer) : undefined;
  }

  return {
    async prepare(result, answer) {
      const json = await jsonOfLarge(result, answer);
      if (json !== undefined) prepared.set(result, json);
    },
    async sendLarge(result, answerOf, send) {
      if (Symbol.asyncIterator in result) {
        return without(result, async (event) => {
          const json = await jsonOfLarge(event, answerOf());
          if (json !== undefined) await send(json);
          return json !== undefined;
        });
      }
      const json = prepared.get(result);
      if (json === undefined) return undefined;
      await send(json);
      return none();
    },
  };
}

/** Not a generator of its own: that could end only after the next event. */
function without(source: Results, takes: (result: ExecutionResult) => Promise<boolean>): Results {
  return {
    async next() {
      for (;;) {
        const item = await source.next();
        if (item.done === true || !(await takes(item.value))) return item;
      }
    },
    return: (value) => source.return(value),
    throw: (error) => source.throw(error),
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}

async function* none(): Results {}
