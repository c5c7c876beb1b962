import type { ReactNode } from 'react';

/** Line icons on a grid of 24, drawn in the colour of the text. Always beside a name, never instead of one. */
function icon(children: ReactNode, name: string) {
  const Icon = () => (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      {children}
    </svg>
  );
  Icon.displayName = name;
  return Icon;
}

export const PlusIcon = icon(<path d="M12 5v14M5 12h14" />, 'PlusIcon');
export const ComposeIcon = icon(
  <path d="M12 4.5H7A2.5 2.5 0 0 0 4.5 7v10A2.5 2.5 0 0 0 7 19.5h10a2.5 2.5 0 0 0 2.5-2.5v-5M18.6 3.9a1.6 1.6 0 0 1 2.3 2.3L13 14.1l-3.1.8.8-3.1Z" />,
  'ComposeIcon',
);
export const SearchIcon = icon(
  <>
    <circle cx="11" cy="11" r="6.5" />
    <path d="m16 16 4.5 4.5" />
  </>,
  'SearchIcon',
);
export const SendIcon = icon(<path d="M12 19V5M6 11l6-6 6 6" />, 'SendIcon');
export const StopIcon = icon(
  <rect x="5.5" y="5.5" width="13" height="13" rx="3" fill="currentColor" stroke="none" />,
  'StopIcon',
);
export const RetryIcon = icon(<path d="M20 5v5h-5M19.4 10A8 8 0 1 0 20 13.5" />, 'RetryIcon');
export const CopyIcon = icon(
  <>
    <rect x="9" y="9" width="11" height="11" rx="2" />
    <path d="M5 15h-.5A1.5 1.5 0 0 1 3 13.5v-9A1.5 1.5 0 0 1 4.5 3h9A1.5 1.5 0 0 1 15 4.5V5" />
  </>,
  'CopyIcon',
);
export const CheckIcon = icon(<path d="m5 12.5 4.5 4.5L19 7.5" />, 'CheckIcon');
export const EditIcon = icon(
  <path d="m4 20 1-4.5L16.2 4.3a1.8 1.8 0 0 1 2.5 0l1 1a1.8 1.8 0 0 1 0 2.5L8.5 19Z" />,
  'EditIcon',
);
export const TrashIcon = icon(<path d="M4 7h16M9.5 7V4.5h5V7M6 7l1 12.5h10L18 7M10 11v5M14 11v5" />, 'TrashIcon');
export const MoreIcon = icon(
  <g fill="currentColor" stroke="none">
    <circle cx="5.5" cy="12" r="1.6" />
    <circle cx="12" cy="12" r="1.6" />
    <circle cx="18.5" cy="12" r="1.6" />
  </g>,
  'MoreIcon',
);
export const PreviousIcon = icon(<path d="m14 6-6 6 6 6" />, 'PreviousIcon');
export const NextIcon = icon(<path d="m10 6 6 6-6 6" />, 'NextIcon');
export const DownIcon = icon(<path d="m6 9.5 6 6 6-6" />, 'DownIcon');
export const ArrowDownIcon = icon(<path d="M12 5v14M6 13l6 6 6-6" />, 'ArrowDownIcon');
export const BellIcon = icon(
  <path d="M6.5 10a5.5 5.5 0 0 1 11 0c0 5 2 6.5 2 6.5h-15s2-1.5 2-6.5ZM10 19.5a2.2 2.2 0 0 0 4 0" />,
  'BellIcon',
);
export const CloseIcon = icon(<path d="m6 6 12 12M18 6 6 18" />, 'CloseIcon');
export const PanelIcon = icon(
  <>
    <rect x="3.5" y="4.5" width="17" height="15" rx="3" />
    <path d="M9.5 4.5v15" />
  </>,
  'PanelIcon',
);
export const ModelIcon = icon(<path d="m12 3 8 4.5v9L12 21l-8-4.5v-9ZM4.2 7.6 12 12l7.8-4.4M12 12v8.8" />, 'ModelIcon');
export const AdapterIcon = icon(
  <path d="M4 8h9M17 8h3M4 16h3M11 16h9M15 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM9 13.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z" />,
  'AdapterIcon',
);
export const GaugeIcon = icon(<path d="M5.6 18.5a9 9 0 1 1 12.8 0M12 13.5l4-4.5M12 13.5v.1" />, 'GaugeIcon');
export const UserIcon = icon(
  <>
    <circle cx="12" cy="8.5" r="4" />
    <path d="M4.5 20c.8-3.7 3.8-5.5 7.5-5.5s6.7 1.8 7.5 5.5" />
  </>,
  'UserIcon',
);
export const SignOutIcon = icon(<path d="M14 4.5H6.5v15H14M10.5 12H20M16.5 8.5 20 12l-3.5 3.5" />, 'SignOutIcon');
export const SunIcon = icon(
  <>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4" />
  </>,
  'SunIcon',
);
export const ScreenIcon = icon(
  <>
    <rect x="3.5" y="5" width="17" height="11.5" rx="2" />
    <path d="M9 20h6M12 16.5V20" />
  </>,
  'ScreenIcon',
);
export const MoonIcon = icon(<path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z" />, 'MoonIcon');
export const DownloadIcon = icon(<path d="M12 4v11M7 10.5l5 5 5-5M4.5 20h15" />, 'DownloadIcon');
export const FilterIcon = icon(<path d="M4 7h16M7 12h10M10 17h4" />, 'FilterIcon');
export const ExploreIcon = icon(
  <>
    <circle cx="12" cy="12" r="8.5" />
    <path d="m15.5 8.5-2 5-5 2 2-5Z" />
  </>,
  'ExploreIcon',
);
export const StarIcon = icon(<path d="m12 4 2.5 5.1 5.6.8-4 4 .9 5.6-5-2.7-5 2.7 1-5.6-4.1-4 5.6-.8Z" />, 'StarIcon');
export const WarningIcon = icon(<path d="M12 4.5 21 20H3ZM12 10.5v4M12 17.2v.1" />, 'WarningIcon');

/** Two people's words, facing each other. */
export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" className="logo-ground" />
      <path className="logo-one" d="M7 14.5A6.5 6.5 0 0 1 13.5 8h1a6.5 6.5 0 0 1 0 13H7Z" />
      <path
        className="logo-two"
        d="M25 17.5V24h-7.5a6.5 6.5 0 0 1-4.2-1.55h1.2a8 8 0 0 0 7.7-10.15A6.5 6.5 0 0 1 25 17.5Z"
      />
    </svg>
  );
}
