export class OpenAiCompatibleEngine { constructor(readonly o: unknown) { throw new Error('shim'); } }
