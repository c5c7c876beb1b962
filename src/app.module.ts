import type { DynamicModule } from '@nestjs/common';
import { type Config, ConfigError } from '@app/config';
import { service } from '@app/service';
import { AdminHttpModule } from './admin/admin.http.module.js';
import { AdminModule } from './admin/admin.module.js';
import { AuthHttpModule } from './auth/auth.http.module.js';
import { AuthModule } from './auth/auth.module.js';
import { ChatHttpModule } from './chat/chat.http.module.js';
import { ChatModule } from './chat/chat.module.js';
import { ExploreHttpModule } from './explore/explore.http.module.js';
import { ExploreModule } from './explore/explore.module.js';
import { InferenceHttpModule } from './inference/inference.http.module.js';
import { InferenceModule } from './inference/inference.module.js';
import { NotificationsHttpModule } from './notifications/notifications.http.module.js';
import { NotificationsModule } from './notifications/notifications.module.js';
import { queues } from './queues.js';

/** What each domain handles and stores. */
export const domainModules = [AdminModule, AuthModule, ChatModule, ExploreModule, InferenceModule, NotificationsModule];

/** What each domain shows over HTTP. */
export const httpModules = [
  AdminHttpModule,
  AuthHttpModule,
  ChatHttpModule,
  ExploreHttpModule,
  InferenceHttpModule,
  NotificationsHttpModule,
];

/** Every module in this process, or those that PARLEY_MODULES names; `gateway` stands for all that HTTP needs. */
export function product(config: Config): DynamicModule {
  const { modules: named } = config;
  if (!named)
    return service({ name: 'parley', modules: [...domainModules, ...httpModules], queues, whole: true })(config);
  const known = new Map(domainModules.map((module) => [kebab(module.name), [module]]));
  known.set('gateway', httpModules);
  const modules = named.flatMap((name) => known.get(name) ?? unknownModule(name, [...known.keys()]));
  return service({ name: named.toSorted().join('+'), modules, queues, storesMost: modules.includes(ChatModule) })(
    config,
  );
}

/** AdminModule is called admin. */
const kebab = (className: string) =>
  className
    .replace(/Module$/, '')
    .replaceAll(/(?<!^)[A-Z]/g, (letter) => `-${letter}`)
    .toLowerCase();

function unknownModule(name: string, known: string[]): never {
  const problem = `there is no module "${name}"; there are ${known.toSorted().join(', ')}`;
  throw new ConfigError([{ variable: 'PARLEY_MODULES', problem }]);
}
