import { registerHooks } from 'node:module';

/**
 * The entry of the child process. Run from TypeScript sources (tests, development), Node strips the types itself but
 * looks for the `.js` files that the imports name: point it to their `.ts` sources.
 */
if (import.meta.url.endsWith('.ts'))
  registerHooks({
    resolve(specifier, context, next) {
      const ours = specifier.startsWith('.') && context.parentURL?.endsWith('.ts');
      return next(ours ? specifier.replace(/\.js$/, '.ts') : specifier, context);
    },
  });

const { serve } = await import('./child/server.js');
serve();
