import type * as auth from '../../src/auth/contracts/index.js';
import type * as chat from '../../src/chat/contracts/index.js';
import type * as explore from '../../src/explore/contracts/index.js';
import type * as inference from '../../src/inference/contracts/index.js';
import type * as notifications from '../../src/notifications/contracts/index.js';
import type * as adapters from '../../apps/web/src/adapters/views.js';
import type * as api from '../../apps/web/src/api/views.js';
import type * as catalogue from '../../apps/web/src/explore/views.js';

/** What the server tells can be read as what the page takes it for. */
type Reads<Page, Told extends Page> = [Page, Told];

/**
 * The web client is a program like any other: it writes down what it reads of the HTTP API, and imports nothing of the
 * server. The type check holds one to the other here, so that a field which the server no longer has is found before the
 * page misses it.
 */
export type WebViews = [
  Reads<api.UserView, auth.UserView>,
  Reads<api.SessionView, auth.SessionView>,
  Reads<api.ApiKeyView, auth.ApiKeyView>,
  Reads<api.ChatLimits, chat.ChatLimits>,
  Reads<api.ConversationSummary, chat.ConversationSummary>,
  Reads<api.ConversationView, chat.ConversationView>,
  Reads<api.MessageView, chat.MessageView>,
  Reads<api.AnswerError, inference.AnswerError>,
  Reads<api.AnswerMetadata, inference.AnswerMetadata>,
  Reads<api.GenerationPhase, inference.GenerationPhase>,
  Reads<api.ModelView, inference.ModelView>,
  Reads<api.CatalogueEntryView, explore.CatalogueEntryView>,
  Reads<api.InstallView, explore.InstallView>,
  Reads<api.InstalledModelView, explore.InstalledModelView>,
  Reads<api.EmailView, notifications.EmailView>,
  Reads<api.NotificationView, notifications.NotificationView>,
  Reads<api.NotificationPreferences, notifications.PreferencesView>,
  Reads<catalogue.CardView, explore.CardView>,
  Reads<catalogue.EntryFileView, explore.EntryFileView>,
  Reads<catalogue.EntryView, explore.EntryView>,
  Reads<catalogue.FitView, explore.FitView>,
  Reads<adapters.AdapterView, explore.AdapterView>,
  Reads<adapters.AdapterVersionView, explore.AdapterVersionView>,
];
