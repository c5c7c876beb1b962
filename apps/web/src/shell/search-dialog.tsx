import { useInfiniteQuery } from '@tanstack/react-query';
import { useId, useState, type KeyboardEvent } from 'react';
import { conversationsQuery } from '../api/queries.js';
import { useSettled } from '../lib/hooks.js';
import { conversationPath, navigate } from '../lib/router.js';
import { setTheme, useTheme } from '../lib/theme.js';
import { Dialog } from '../ui/dialog.js';

interface Entry {
  id: string;
  label: string;
  hint?: string;
  run(): void;
}

/** Ctrl K: to any conversation or page without leaving the keyboard. */
export function SearchDialog({ onClose }: { onClose(): void }) {
  const [words, setWords] = useState('');
  const [at, setAt] = useState(0);
  const listId = useId();
  const theme = useTheme();
  const settled = useSettled(words.trim(), 150);
  const { data, isPlaceholderData } = useInfiniteQuery({
    ...conversationsQuery(settled),
    placeholderData: (previous) => previous,
  });

  const actions: Entry[] = [
    { id: 'new', label: 'New chat', run: () => navigate('/') },
    { id: 'explore', label: 'Explore models and adapters', run: () => navigate('/explore') },
    { id: 'models', label: 'Models on this server', run: () => navigate('/models') },
    { id: 'adapters', label: 'Adapters', run: () => navigate('/adapters') },
    { id: 'account', label: 'Account and API keys', run: () => navigate('/account') },
    theme === 'dark'
      ? { id: 'light', label: 'Light theme', run: () => setTheme('light') }
      : { id: 'dark', label: 'Dark theme', run: () => setTheme('dark') },
  ];
  const wanted = words.trim().toLowerCase();
  const found = data?.pages[0]?.items ?? [];
  // Until the server has looked for these words, only what certainly fits: Enter must not open something else.
  const current = settled.toLowerCase() === wanted && !isPlaceholderData;
  const fitting = current ? found : found.filter((item) => item.title.toLowerCase().includes(wanted));
  const conversations = fitting.slice(0, wanted ? 12 : 6).map<Entry>((item) => ({
    id: item.id,
    label: item.title || 'New chat',
    hint: 'Conversation',
    run: () => navigate(conversationPath(item.id)),
  }));
  const matching = actions.filter((action) => action.label.toLowerCase().includes(wanted));
  const entries = wanted ? [...conversations, ...matching] : [...matching, ...conversations];
  const active = Math.min(at, entries.length - 1);

  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const next = (active + (event.key === 'ArrowDown' ? 1 : -1) + entries.length) % Math.max(1, entries.length);
      setAt(next);
      document.getElementById(`${listId}-${next}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(entries[active]);
    }
  };

  return (
    <Dialog title="Search and go to" hideTitle onClose={onClose} className="search-dialog">
      <input
        autoFocus
        type="text"
        role="combobox"
        aria-label="Search conversations and pages"
        aria-expanded="true"
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={entries.length > 0 ? `${listId}-${active}` : undefined}
        placeholder="Search conversations and pages"
        value={words}
        onChange={(event) => {
          setWords(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={listId} role="listbox" aria-label="Results">
        {entries.map((entry, index) => (
          <li
            key={entry.id}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === active}
            onPointerMove={() => setAt(index)}
            onClick={() => run(entry)}
          >
            <span className="clip">{entry.label}</span>
            {entry.hint && <span className="muted">{entry.hint}</span>}
          </li>
        ))}
      </ul>
      {entries.length === 0 && <p className="list-note">Nothing found.</p>}
    </Dialog>
  );
}
