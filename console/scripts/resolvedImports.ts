import type { Plugin } from 'vite';

/** What Vite puts in the place of an optional peer that is not installed, and of a module of Node.js. */
const MISSING_PEER = /__vite-optional-peer-dep:(?<peer>.+):[^:]+$/;
const MODULE_OF_NODE = '__vite-browser-external';

/**
 * A build fails if it imports what would throw in the browser. For all else that is missing, Vite itself fails.
 * @param spared peers whose importers do without them
 */
export function resolvedImports({ spared }: { readonly spared: readonly string[] }): Plugin {
  return {
    name: 'resolved-imports',
    apply: 'build',
    buildEnd(error) {
      if (error !== undefined) return;
      for (const id of this.getModuleIds()) {
        const peer = MISSING_PEER.exec(id)?.groups?.['peer'];
        if (peer === undefined ? !id.startsWith(MODULE_OF_NODE) : spared.includes(peer)) continue;
        const importers = this.getModuleInfo(id)?.importers.join(', ') ?? '';
        if (peer === undefined)
          this.error(`a module of Node.js, which browsers do not have, is imported by ${importers}`);
        this.error(`"${peer}" is imported by ${importers}, and is not installed`);
      }
    },
  };
}
