/** The benches measure what is delivered: a module of dist/, with the types of its source. */
export async function importBuilt<Module>(path: string): Promise<Module> {
  return (await import(new URL(`../dist/${path}`, import.meta.url).href)) as Module;
}
