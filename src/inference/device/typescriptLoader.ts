/**
 * Preloaded with `node --import` into a device worker that runs from the TypeScript sources, as in tests. Node strips the types itself,
 * but imports name the compiled file ("./model.js"), which exists only under dist/. This loader maps them to the source file.
 */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, nextResolve) {
    const isSource =
      specifier.startsWith('.') && specifier.endsWith('.js') && (context.parentURL?.endsWith('.ts') ?? false);
    return nextResolve(isSource ? `${specifier.slice(0, -'.js'.length)}.ts` : specifier, context);
  },
});
