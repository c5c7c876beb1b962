import type { MessageView } from '../api/views.js';

/** Which child of a message (of the conversation itself: `''`) the reader has chosen. */
export type Choices = Readonly<Record<string, string>>;

/** A message on the path that is shown, with the others that could stand in its place. */
export interface PathNode<M> {
  message: M;
  siblings: readonly M[];
  index: number;
}

type Node = Pick<MessageView, 'id' | 'parentId' | 'createdAt'>;

const parentKey = (message: Pick<Node, 'parentId'>) => message.parentId ?? '';

const older = (a: Node, b: Node) => {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
};

/**
 * The path through a conversation's tree from the first message to the last: at each fork the child that the reader
 * chose, or else the one that leads to the newest message.
 */
export function pathOf<M extends Node>(messages: readonly M[], choices: Choices = {}): PathNode<M>[] {
  const children = new Map<string, M[]>();
  for (const message of messages) {
    const key = parentKey(message);
    const group = children.get(key);
    if (group) group.push(message);
    else children.set(key, [message]);
  }
  for (const group of children.values()) group.sort(older);
  const path: PathNode<M>[] = [];
  const newestIn = newestBelow(messages, children);
  let siblings = children.get('');
  while (siblings) {
    const chosen = choices[parentKey(siblings[0]!)];
    let index = siblings.findIndex((message) => message.id === chosen);
    if (index < 0) {
      index = 0;
      for (let i = 1; i < siblings.length; i += 1) {
        if (older(newestIn.get(siblings[index]!.id)!, newestIn.get(siblings[i]!.id)!) < 0) index = i;
      }
    }
    const message = siblings[index]!;
    if (path.length > messages.length) break; // A cycle cannot come from the server; it must not hang the page either.
    path.push({ message, siblings, index });
    siblings = children.get(message.id);
  }
  return path;
}

/** For each message the newest one in the tree below it, itself included. Walks without recursion: paths are long. */
function newestBelow<M extends Node>(
  messages: readonly M[],
  children: ReadonlyMap<string, readonly M[]>,
): Map<string, M> {
  const order: M[] = [];
  const stack = [...(children.get('') ?? [])];
  while (stack.length > 0 && order.length <= messages.length) {
    const message = stack.pop()!;
    order.push(message);
    stack.push(...(children.get(message.id) ?? []));
  }
  const newest = new Map<string, M>();
  for (const message of order.reverse()) {
    let best = message;
    for (const child of children.get(message.id) ?? []) {
      const candidate = newest.get(child.id) ?? child;
      if (older(best, candidate) < 0) best = candidate;
    }
    newest.set(message.id, best);
  }
  return newest;
}

/** The choices after the reader picks that sibling. */
export const choose = (choices: Choices, message: Pick<Node, 'id' | 'parentId'>): Choices => ({
  ...choices,
  [parentKey(message)]: message.id,
});
