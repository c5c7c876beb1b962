import { Config } from '@app/config';
import { Handles, type ResultOf } from '@app/messaging';
import { GetSetup } from '../contracts/index.js';
import { Users } from '../persistence/users.js';

@Handles(GetSetup)
export class GetSetupHandler {
  constructor(
    private readonly users: Users,
    private readonly config: Config,
  ) {}

  async handle(): Promise<ResultOf<GetSetup>> {
    const hasUsers = await this.users.any();
    return { hasUsers, signUpOpen: !hasUsers || this.config.auth.signUp === 'open' };
  }
}
