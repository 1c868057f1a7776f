/** One GraphQL request over HTTP. */

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

/** The data of the answer. Throws its errors. */
export async function ask(url: string, key: string, query: string, variables: object = {}): Promise<Json> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = (await response.json()) as Json;
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}
