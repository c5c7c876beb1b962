import { useUser } from '../api/session.js';

const IDEAS = [
  { title: 'Explain something', text: 'Explain how a hash table works, with a small example.' },
  { title: 'Write a first draft', text: 'Draft a short, friendly email that moves a meeting to next Tuesday.' },
  { title: 'Help with code', text: 'Write a TypeScript function that groups an array of objects by a key.' },
  { title: 'Plan ahead', text: 'Plan a relaxed weekend in Lisbon for two people who like books.' },
] as const;

function greeting(hour: number): string {
  if (hour < 5) return 'Good night';
  if (hour < 12) return 'Good morning';
  return hour < 18 ? 'Good afternoon' : 'Good evening';
}

/** The top of an empty chat. */
export function Greeting() {
  const { name } = useUser();
  const first = name.trim().split(/\s+/)[0];
  const hello = greeting(new Date().getHours());
  return (
    <div className="greeting">
      <h1>{first ? `${hello}, ${first}.` : `${hello}.`}</h1>
      <p>What would you like to talk about?</p>
    </div>
  );
}

export function Ideas({ onPick, disabled }: { onPick(text: string): void; disabled: boolean }) {
  return (
    <ul className="ideas" aria-label="Ideas to begin with">
      {IDEAS.map(({ title, text }) => (
        <li key={title}>
          <button type="button" className="idea" disabled={disabled} onClick={() => onPick(text)}>
            <span>{title}</span>
            <span className="muted">{text}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
