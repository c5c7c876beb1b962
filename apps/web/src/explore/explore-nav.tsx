import { useUser } from '../api/session.js';
import { Link } from '../lib/router.js';

const TABS = [
  { to: '/explore', label: 'Catalogue' },
  { to: '/hub', label: 'Hub' },
  { to: '/models', label: 'On this server' },
  { to: '/storage', label: 'In this browser' },
] as const;

/** Where models are: to be had, on the server, in this browser. */
export function ExploreNav({ current }: { current: (typeof TABS)[number]['to'] }) {
  const { role } = useUser();
  // Only who installs from the hub may ask it.
  const tabs = TABS.filter(({ to }) => to !== '/hub' || role === 'admin');
  return (
    <nav className="tabs" aria-label="Models">
      {tabs.map(({ to, label }) => (
        <Link key={to} to={to} aria-current={to === current ? 'page' : undefined}>
          {label}
        </Link>
      ))}
    </nav>
  );
}
