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
