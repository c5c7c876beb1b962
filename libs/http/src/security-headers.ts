import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/**
 * Helmet's headers, made once at boot by Nest and written on every response, those of errors and streams included. The
 * web client needs WebAssembly (models in the browser), blob workers and inline style attributes, and nothing from
 * anywhere else, but for the origins in `connectTo` that deliver files.
 */
export function secureHeaders(app: NestFastifyApplication, connectTo: readonly string[] = []): void {
  app.useSecurityHeaders({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'self'"],
        'script-src': ["'self'", "'wasm-unsafe-eval'"],
        'script-src-attr': ["'none'"],
        'style-src': ["'self'", "'unsafe-inline'"],
        'img-src': ["'self'", 'data:', 'blob:'],
        'font-src': ["'self'", 'data:'],
        'connect-src': ["'self'", ...connectTo],
        'worker-src': ["'self'", 'blob:'],
        'object-src': ["'none'"],
        'base-uri': ["'none'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
      },
    },
    // Browsers heed it over HTTPS only. Sibling hosts of a self-hosted server may well be plain HTTP: not theirs.
    strictTransportSecurity: { includeSubDomains: false },
    xFrameOptions: { action: 'deny' },
  });
}
