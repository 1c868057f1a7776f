/**
 * The tags of an XML file. It is untrusted: there are no entities but those of XML itself, and a file with a DOCTYPE is refused. An XML
 * parser would bring them, and a tree of the whole file.
 */
import { NoShapeError } from './noShape.js';

export interface Tag {
  readonly name: string;
  /** An element without content opens, and closes at once. */
  readonly is: 'OPEN' | 'CLOSE';
  readonly attributes: ReadonlyMap<string, string>;
}

const SKIPPED = /[^<]+|<!--[^]*?-->|<\?[^]*?\?>|<!\[CDATA\[[^]*?\]\]>/y;
const OPEN = /<([^\s<>/!?"'=]+)/y;
const ATTRIBUTE = /\s+([^\s<>/"'=]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const END = /\s*(\/?)>/y;
const CLOSE = /<\/([^\s<>/]+)\s*>/y;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const MAX_DEPTH = 100;
/** Reading them takes a quarter of a second. */
const MAX_TAGS = 400_000;

/** Throws NoShapeError where the text is no XML. */
export function* tagsOf(text: string): Generator<Tag> {
  let at = 0;
  const next = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  const open: string[] = [];
  for (let tags = 0; at < text.length; tags++) {
    if (tags > MAX_TAGS) throw new NoShapeError(`has more than ${String(MAX_TAGS)} tags and texts: divide it`);
    if (next(SKIPPED) !== null) continue;
    const [, closed] = next(CLOSE) ?? [];
    if (closed !== undefined) {
      if (open.pop() !== closed) throw notXml(text, at);
      yield { is: 'CLOSE', name: closed, attributes: new Map() };
      continue;
    }
    const [, name] = next(OPEN) ?? [];
    if (name === undefined) throw notXml(text, at);
    const attributes = new Map<string, string>();
    for (let found = next(ATTRIBUTE); found !== null; found = next(ATTRIBUTE))
      attributes.set(found[1] ?? '', plain(found[2] ?? found[3] ?? ''));
    const end = next(END);
    if (end === null || open.length >= MAX_DEPTH) throw notXml(text, at);
    yield { is: 'OPEN', name, attributes };
    if (end[1] === '/') yield { is: 'CLOSE', name, attributes: new Map() };
    else open.push(name);
  }
  if (open.length > 0) throw notXml(text, at);
}

function plain(value: string): string {
  return value.replace(/&(?:#(\d+)|#x([\da-fA-F]+)|(\w+));/g, (all, decimal?: string, hex?: string, name = '') => {
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    if (code <= 0x10ffff) return String.fromCodePoint(code);
    const found = NAMED[name as string];
    if (found === undefined) throw new NoShapeError(`has ${all}, which XML does not define`);
    return found;
  });
}

function notXml(text: string, at: number): NoShapeError {
  const line = text.slice(0, at).split('\n').length;
  const isDoctype = text.startsWith('<!DOCTYPE', at);
  return new NoShapeError(`is no XML that is read, from line ${String(line)}${isDoctype ? ': it has a DOCTYPE' : ''}`);
}
