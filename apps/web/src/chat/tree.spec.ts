import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choose, pathOf } from './tree.js';

const message = (id: string, parentId: string | null, minute: number) => ({
  id,
  parentId,
  createdAt: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
});

const ids = (path: ReturnType<typeof pathOf>) => path.map((node) => node.message.id);

describe('pathOf', () => {
  const tree = [
    message('q1', null, 0),
    message('a1', 'q1', 1),
    message('a1b', 'q1', 2),
    message('q2', 'a1', 3),
    message('a2', 'q2', 4),
  ];

  it('is empty for a conversation without messages', () => {
    expect(pathOf([])).toEqual([]);
  });

  it('leads to the newest message, also through an older sibling', () => {
    expect(ids(pathOf(tree))).toEqual(['q1', 'a1', 'q2', 'a2']);
  });

  it('follows the choice of the reader', () => {
    expect(ids(pathOf(tree, choose({}, tree[2]!)))).toEqual(['q1', 'a1b']);
  });

  it('says where each message stands among its siblings, oldest first', () => {
    const node = pathOf([...tree].reverse())[1]!;
    expect([node.index, node.siblings.map((sibling) => sibling.id)]).toEqual([0, ['a1', 'a1b']]);
  });

  it('knows several first messages as siblings', () => {
    const path = pathOf([...tree, message('q1b', null, 9)], choose({}, tree[0]!));
    expect([path[0]!.index, path[0]!.siblings.length]).toEqual([0, 2]);
  });

  it('leaves a choice aside whose message is gone', () => {
    expect(ids(pathOf(tree, { q1: 'deleted' }))).toEqual(['q1', 'a1', 'q2', 'a2']);
  });

  it('is a chain from a first message to a leaf that holds the newest message, for any tree', () => {
    const trees = fc
      .array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 60 })
      .map((parents) =>
        parents.map((parent, index) =>
          message(`m${index}`, index === 0 || parent % 7 === 0 ? null : `m${parent % index}`, index),
        ),
      );
    fc.assert(
      fc.property(trees, (messages) => {
        const path = ids(pathOf(messages));
        expect(path.at(-1)).toBe(`m${messages.length - 1}`);
        path.forEach((id, index) => {
          expect(messages.find((m) => m.id === id)?.parentId ?? undefined).toBe(path[index - 1]);
        });
      }),
    );
  });
});
