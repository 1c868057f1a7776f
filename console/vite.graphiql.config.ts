/** GraphiQL is a build of its own, so that the console does not wait for any part of it, nor counts it as its own. */
import { defineConfig, mergeConfig } from 'vite';
import common from './vite.config.ts';

export default mergeConfig(
  common,
  defineConfig({
    build: {
      emptyOutDir: false,
      assetsDir: 'assets/graphiql',
      chunkSizeWarningLimit: 1000,
      // A directive to a compiler that is not used here, in a package that GraphiQL brings.
      rolldownOptions: {
        input: 'graphiql.html',
        onLog: (level, log, report) => log.code !== 'MODULE_LEVEL_DIRECTIVE' && report(level, log),
      },
    },
  }),
);
