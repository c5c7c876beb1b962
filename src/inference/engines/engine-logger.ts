/** The part of pino's logger that engines use. */
export interface EngineLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export const silentLogger: EngineLogger = { debug: () => {}, info: () => {}, warn: () => {} };
