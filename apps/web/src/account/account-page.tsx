import { useState } from 'react';
import { signOut, useUser } from '../api/session.js';
import { formatDate } from '../lib/format.js';
import { useTitle } from '../lib/hooks.js';
import { useArrival } from '../lib/router.js';
import { setTheme, useTheme, type Theme } from '../lib/theme.js';
import { PreferencesSection } from '../notifications/preferences.js';
import { PageHead } from '../shell/page-head.js';
import { toastError } from '../ui/toast.js';
import { ApiKeys } from './api-keys.js';

const THEMES: [Theme, string][] = [
  ['system', 'System'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

export default function AccountPage() {
  useTitle('Account');
  const main = useArrival();
  const user = useUser();
  const theme = useTheme();
  const [leaving, setLeaving] = useState(false);
  return (
    <>
      <PageHead title="Account" />
      <main id="main" className="page-body" tabIndex={-1} ref={main}>
        <div className="page-content">
          <section aria-labelledby="profile-title">
            <h2 id="profile-title">Profile</h2>
            <div className="card profile">
              <span className="avatar avatar-large" aria-hidden="true">
                {(user.name || user.email)[0]!.toUpperCase()}
              </span>
              <div className="card-main">
                <h3>
                  {user.name || user.email} {user.role === 'admin' && <span className="badge">Administrator</span>}
                </h3>
                <p className="facts">
                  {user.name && <span>{user.email}</span>}
                  <span>here since {formatDate(user.createdAt)}</span>
                </p>
              </div>
              <div className="card-actions">
                <button
                  type="button"
                  className="button"
                  disabled={leaving}
                  onClick={() => {
                    setLeaving(true);
                    signOut().catch(toastError);
                  }}
                >
                  Sign out
                </button>
              </div>
            </div>
          </section>
          <section aria-labelledby="theme-title">
            <h2 id="theme-title">Appearance</h2>
            <div className="segments" role="radiogroup" aria-labelledby="theme-title">
              {THEMES.map(([value, label]) => (
                <label key={value}>
                  <input type="radio" name="theme" checked={theme === value} onChange={() => setTheme(value)} />
                  <span>{label}</span>
                </label>
              ))}
            </div>
          </section>
          <PreferencesSection />
          <ApiKeys />
        </div>
      </main>
    </>
  );
}
