/** The tags of an XML file. It is untrusted: a file with a DOCTYPE is refused, so that it defines no entities. */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import sax from 'sax';
import { NoShapeError } from './noShape.js';

export interface Tag {
  readonly name: string;
  /** An element without content opens, and closes at once. */
  readonly is: 'OPEN' | 'CLOSE';
  readonly attributes: ReadonlyMap<string, string>;
}

/** An attribute can hold the runs of a mask. The text as a whole is bounded when it is read. */
Object.assign(sax, { MAX_BUFFER_LENGTH: Infinity });
const CHUNK = 2 ** 16;
const MAX_DEPTH = 100;
/** Of one tag. */
const MAX_ATTRIBUTES = 100;
/** Reading them takes a quarter of a second. */
const MAX_TAGS = 400_000;

/** Throws NoShapeError where the text is no XML. */
export async function* tagsOf(text: string): AsyncGenerator<Tag> {
  const parser = sax.parser(true);
  let tags: Tag[] = [];
  let [count, depth, attributes] = [0, 0, 0];
  const add = (tag: Tag): void => {
    if (++count > MAX_TAGS) throw new NoShapeError(`has more than ${String(MAX_TAGS)} tags: divide it`);
    tags.push(tag);
  };
  const refuse = (reason: string): never => {
    throw new NoShapeError(`is no XML that is read, from line ${String(parser.line + 1)}: ${reason}`);
  };
  parser.onerror = ({ message }) => refuse(message.split('\n', 1)[0] ?? '');
  parser.ondoctype = () => refuse('it has a DOCTYPE');
  parser.onattribute = () => {
    if (++attributes > MAX_ATTRIBUTES) refuse(`it has more than ${String(MAX_ATTRIBUTES)} attributes in a tag`);
  };
  parser.onopentag = ({ name, attributes: own }) => {
    attributes = 0;
    if (++depth > MAX_DEPTH) refuse(`it has more than ${String(MAX_DEPTH)} elements in each other`);
    add({ is: 'OPEN', name, attributes: new Map(Object.entries(own as Record<string, string>)) });
  };
  parser.onclosetag = (name) => {
    depth--;
    add({ is: 'CLOSE', name, attributes: new Map() });
  };
  for (let at = 0; at < text.length; at += CHUNK) {
    parser.write(text.slice(at, at + CHUNK));
    yield* tags;
    tags = [];
    await turnOfTheLoop();
  }
  parser.close();
}
