import { type DataOf, Handles, type MessageContext, requireActor, type ResultOf } from '@app/messaging';
import { GetMe } from '../contracts/index.js';
import { userNotFound } from '../domain/errors.js';
import { toUserView, Users } from '../persistence/users.js';

@Handles(GetMe)
export class GetMeHandler {
  constructor(private readonly users: Users) {}

  async handle(_: DataOf<GetMe>, context: MessageContext): Promise<ResultOf<GetMe>> {
    const { userId } = requireActor(context);
    const user = await this.users.find(userId);
    if (!user) throw userNotFound(userId);
    return toUserView(user);
  }
}
