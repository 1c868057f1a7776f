/** Queries that are valid in form, and cost more than the service allows. */

export const deep = `{ generations { edges { node { ${'samples { edges { node { generation { '.repeat(4)} id ${'} } } }'.repeat(4)} } } } }`;
export const wide = `{ ${Array.from({ length: 60 }, (_, i) => `a${String(i)}: serverInfo { version }`).join(' ')} }`;
export const greedy =
  '{ generations(first: 100) { edges { node { samples(first: 100) { edges { node { generation { samples(first: 100) { edges { node { id } } } } } } } } } } }';
export const long = `{ serverInfo { ${'version '.repeat(3000)} } }`;
export const manyWays = `{ ...f0 } ${Array.from(
  { length: 40 },
  (_, i) =>
    `fragment f${String(i)} on Query { serverInfo { version } ${Array.from({ length: 39 - i }, (_v, k) => `...f${String(i + 1 + k)}`).join(' ')} }`,
).join(' ')}`;
export const discounted = `{ n: generations(first: -2000000) { edges { node { id } } } ${greedy.slice(1)}`;
export const circular =
  '{ serverInfo { ...A } } fragment A on ServerInfo { ...B } fragment B on ServerInfo { ...A version }';
