import { Config } from '@app/config';
import { Handles } from '@app/messaging';
import { type ChatLimits, GetChatLimits } from '../contracts/index.js';

@Handles(GetChatLimits)
export class GetChatLimitsHandler {
  constructor(private readonly config: Config) {}

  handle(): ChatLimits {
    return { maxMessageChars: this.config.chat.maxMessageChars };
  }
}
