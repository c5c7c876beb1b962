import { availableParallelism, totalmem } from 'node:os';
import { Config } from '@app/config';
import { Handles, type ResultOf } from '@app/messaging';
import { GetCapacity } from '../contracts/index.js';

const MIB = 1_048_576;

@Handles(GetCapacity)
export class GetCapacityHandler {
  constructor(private readonly config: Config) {}

  async handle(): Promise<ResultOf<GetCapacity>> {
    const { memoryMib, threads, parallel, contextTokens } = this.config.inference;
    // 0 or an absurd number where there is no limit.
    const limit = process.constrainedMemory();
    return {
      memoryTotalBytes: limit > 0 ? Math.min(totalmem(), limit) : totalmem(),
      memoryFreeBytes: process.availableMemory(),
      memoryBudgetBytes: memoryMib * MIB,
      cores: availableParallelism(),
      ...{ threads, parallel, contextTokens },
    };
  }
}
