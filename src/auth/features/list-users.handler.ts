import { type DataOf, Handles, type MessageContext, type ResultOf } from '@app/messaging';
import { ListUsers } from '../contracts/index.js';
import { requireAdministrator } from '../security/require-administrator.js';
import { toManagedUserView, Users } from '../persistence/users.js';

@Handles(ListUsers)
export class ListUsersHandler {
  constructor(private readonly users: Users) {}

  async handle(_: DataOf<ListUsers>, context: MessageContext): Promise<ResultOf<ListUsers>> {
    requireAdministrator(context);
    return { items: (await this.users.list()).map(toManagedUserView) };
  }
}
