import { DomainError } from '@app/kernel';
import { Handles, requireActor, type DataOf, type MessageContext, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { z } from 'zod';
import { ListConversations } from '../contracts/index.js';
import { type ConversationRow, toSummary } from '../persistence/message-rows.js';

const Cursor = z.tuple([z.iso.datetime({ precision: 6 }), z.uuid()]);

/** Newest first. The cursor is the last row's key, so that new conversations never shift a page. */
@Handles(ListConversations)
export class ListConversationsHandler {
  constructor(private readonly db: Database) {}

  async handle(
    { cursor, limit, q }: DataOf<ListConversations>,
    context: MessageContext,
  ): Promise<ResultOf<ListConversations>> {
    const [before, beforeId] = cursor ? decode(cursor) : [null, null];
    const rows = await this.db.query<ConversationRow & { sort_key: string }>(
      `SELECT c.id, c.title, c.created_at, c.updated_at,
              to_char(c.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS sort_key
       FROM chat.conversations c
       WHERE c.owner_id = $1
         AND ($2::timestamptz IS NULL OR (c.updated_at, c.id) < ($2::timestamptz, $3::uuid))
         AND ($4::text IS NULL OR c.title_words @@ to_tsquery('simple', $4) OR EXISTS (
           SELECT 1 FROM chat.messages m
           WHERE m.conversation_id = c.id AND m.words @@ to_tsquery('simple', $4)))
       ORDER BY c.updated_at DESC, c.id DESC
       LIMIT $5`,
      [requireActor(context).userId, before, beforeId, q ? prefixQuery(q) : null, limit + 1],
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(toSummary),
      nextCursor: rows.length > limit && last ? encode([last.sort_key, last.id]) : null,
    };
  }
}

/** Every word as a prefix, quoted, so that nothing a person types is an operator. */
function prefixQuery(q: string): string | null {
  const words = q.match(/[\p{L}\p{N}]+/gu);
  return words ? words.map((word) => `'${word}':*`).join(' & ') : null;
}

const encode = (key: z.infer<typeof Cursor>): string => Buffer.from(JSON.stringify(key)).toString('base64url');

function decode(cursor: string): z.infer<typeof Cursor> {
  try {
    return Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw new DomainError('invalid', 'platform.invalid-cursor', 'The cursor is not one of ours.', undefined, { cause });
  }
}
