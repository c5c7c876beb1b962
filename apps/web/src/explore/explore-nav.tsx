import { Link } from '../lib/router.js';

const TABS = [
  { to: '/explore', label: 'Catalogue' },
  { to: '/models', label: 'On this server' },
  { to: '/storage', label: 'In this browser' },
] as const;

/** Where models are: to be had, on the server, in this browser. */
export const ExploreNav = ({ current }: { current: (typeof TABS)[number]['to'] }) => (
  <nav className="tabs" aria-label="Models">
    {TABS.map(({ to, label }) => (
      <Link key={to} to={to} aria-current={to === current ? 'page' : undefined}>
        {label}
      </Link>
    ))}
  </nav>
);
