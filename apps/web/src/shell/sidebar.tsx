import { useEffect, useRef, useState, type ReactNode } from 'react';
import { signOut, useUser } from '../api/session.js';
import { useSettled } from '../lib/hooks.js';
import { Link, usePath } from '../lib/router.js';
import { setTheme, useTheme, type Theme } from '../lib/theme.js';
import {
  AdapterIcon,
  ComposeIcon,
  ExploreIcon,
  GaugeIcon,
  Logo,
  ModelIcon,
  MoonIcon,
  PanelIcon,
  ScreenIcon,
  SearchIcon,
  SignOutIcon,
  SunIcon,
  UserIcon,
} from '../ui/icons.js';
import { useWaiting } from '../offline/waiting.js';
import { Confirm } from '../ui/dialog.js';
import { Popover } from '../ui/popover.js';
import { toastError } from '../ui/toast.js';
import { ConversationList } from './conversation-list.js';
import { closeDrawer, useSidebar } from './sidebar-state.js';

export function Sidebar() {
  const { narrow, shown, toggle } = useSidebar();
  const [search, setSearch] = useState('');
  const settled = useSettled(search.trim(), 200);
  const drawer = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    if (narrow && shown) drawer.current?.showModal();
  }, [narrow, shown]);

  if (!shown) return null;
  const content = (
    <>
      <div className="sidebar-head">
        <Link to="/" className="brand" onClick={closeDrawer}>
          <Logo /> Parley
        </Link>
        <button type="button" className="icon-button" aria-label="Hide side bar" title="Hide side bar" onClick={toggle}>
          <PanelIcon />
        </button>
      </div>
      <div className="sidebar-top">
        <Link to="/" className="button new-chat" onClick={closeDrawer}>
          <ComposeIcon /> New chat
        </Link>
        <label className="search">
          <SearchIcon />
          <input
            type="search"
            placeholder="Search"
            aria-label="Search conversations"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
          <kbd aria-hidden="true">{/Mac|iP/.test(navigator.platform) ? '⌘K' : 'Ctrl K'}</kbd>
        </label>
      </div>
      <div className="list" tabIndex={0} role="region" aria-label="Conversations">
        <ConversationList search={settled} />
      </div>
      <SidebarFoot />
    </>
  );
  if (!narrow) {
    return (
      <nav className="sidebar" aria-label="Parley">
        {content}
      </nav>
    );
  }
  return (
    <dialog
      ref={drawer}
      className="drawer"
      aria-label="Side bar"
      onClose={closeDrawer}
      onMouseDown={(event) => event.target === drawer.current && closeDrawer()}
    >
      <nav className="sidebar" aria-label="Parley">
        {content}
      </nav>
    </dialog>
  );
}

function SidebarFoot() {
  const user = useUser();
  const path = usePath();
  const name = user.name || user.email;
  const waits = useWaiting().length;
  const [leaving, setLeaving] = useState(false);
  return (
    <div className="sidebar-foot">
      <Link
        to="/explore"
        className="foot-link"
        aria-current={/^\/(?:explore|hub|models)\b/.test(path) ? 'page' : undefined}
        onClick={closeDrawer}
      >
        <ExploreIcon /> Explore
      </Link>
      <Link
        to="/adapters"
        className="foot-link"
        aria-current={path === '/adapters' ? 'page' : undefined}
        onClick={closeDrawer}
      >
        <AdapterIcon /> Adapters
      </Link>
      {user.role === 'admin' && (
        <Link
          to="/admin"
          className="foot-link"
          aria-current={path.startsWith('/admin') ? 'page' : undefined}
          onClick={closeDrawer}
        >
          <GaugeIcon /> Administration
        </Link>
      )}
      <Popover
        className="foot-link account-button"
        label={
          <>
            <span className="avatar" aria-hidden="true">
              {name[0]!.toUpperCase()}
            </span>
            <span className="clip">{name}</span>
          </>
        }
      >
        {(close) => (
          <>
            <Link
              to="/account"
              role="menuitem"
              className="menu-item"
              onClick={() => {
                close();
                closeDrawer();
              }}
            >
              <UserIcon /> Account and API keys
            </Link>
            <Link
              to="/storage"
              role="menuitem"
              className="menu-item"
              onClick={() => {
                close();
                closeDrawer();
              }}
            >
              <ModelIcon /> Storage in this browser
            </Link>
            <ThemeItems />
            <button
              type="button"
              role="menuitem"
              className="menu-item"
              onClick={() => {
                close();
                if (waits > 0) setLeaving(true);
                else signOut().catch(toastError);
              }}
            >
              <SignOutIcon /> Sign out
            </button>
          </>
        )}
      </Popover>
      {leaving && (
        <Confirm
          title={waits === 1 ? 'One change was not sent yet' : `${waits} changes were not sent yet`}
          action="Sign out"
          busy={false}
          onConfirm={() => {
            setLeaving(false);
            signOut().catch(toastError);
          }}
          onClose={() => setLeaving(false)}
        >
          They stay in this browser and are sent when you sign in here again. To take them along, export them on the
          page Storage first.
        </Confirm>
      )}
    </div>
  );
}

const THEMES: Record<Theme, string> = { system: 'Like the system', light: 'Light', dark: 'Dark' };

const THEME_ICONS: Record<Theme, ReactNode> = { system: <ScreenIcon />, light: <SunIcon />, dark: <MoonIcon /> };

function ThemeItems() {
  const theme = useTheme();
  return (
    <div role="group" aria-label="Theme" className="menu-group">
      {(Object.keys(THEMES) as Theme[]).map((option) => (
        <button
          key={option}
          type="button"
          role="menuitemradio"
          aria-checked={theme === option}
          className="menu-item"
          onClick={() => setTheme(option)}
        >
          {THEME_ICONS[option]} {THEMES[option]}
        </button>
      ))}
    </div>
  );
}
