/**
 * Preloaded (`node --import`) into a device worker that runs from the TypeScript sources, as in tests: Node strips the
 * types itself, but imports name the compiled file ("./model.js"), which lies beside the source only under dist/.
 */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, nextResolve) {
    const isOwn =
      specifier.startsWith('.') && specifier.endsWith('.js') && (context.parentURL?.endsWith('.ts') ?? false);
    return nextResolve(isOwn ? `${specifier.slice(0, -'.js'.length)}.ts` : specifier, context);
  },
});
