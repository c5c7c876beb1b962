import { useEffect, useRef, useState } from 'react';
import { useSettled } from '../lib/hooks.js';
import { CloseIcon, SearchIcon } from '../ui/icons.js';

const SETTLED_MS = 250;

interface SearchBoxProps {
  label: string;
  q: string;
  onSearch(q: string): void;
}

/** Looks while one writes, and at once on Enter. */
export function SearchBox({ label, q, onSearch }: SearchBoxProps) {
  const [text, setText] = useState(q);
  const settled = useSettled(text.trim(), SETTLED_MS);
  const told = useRef(q);
  const field = useRef<HTMLInputElement>(null);
  const tell = (words: string) => {
    if (words === told.current) return;
    told.current = words;
    onSearch(words);
  };
  const latest = useRef(tell);
  useEffect(() => {
    latest.current = tell;
  });
  useEffect(() => latest.current(settled), [settled]);
  // Back and forward change it from outside.
  useEffect(() => {
    if (q === told.current) return;
    told.current = q;
    setText(q);
  }, [q]);
  return (
    <search>
      <form
        className="explore-search"
        onSubmit={(event) => {
          event.preventDefault();
          tell(text.trim());
        }}
      >
        <SearchIcon />
        <input
          ref={field}
          type="search"
          enterKeyHint="search"
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          placeholder={label}
          aria-label={label}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {text !== '' && (
          <button
            type="button"
            className="icon-button"
            aria-label="Clear the search"
            onClick={() => {
              setText('');
              tell('');
              field.current?.focus();
            }}
          >
            <CloseIcon />
          </button>
        )}
      </form>
    </search>
  );
}
