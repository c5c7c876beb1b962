import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config, serverSecret } from '@app/config';
import { NotificationTopic } from '../contracts/index.js';
import { wrongLink } from '../domain/errors.js';

/**
 * Links of e-mails: whose, and which topic, signed. They do not end by time, because an old e-mail must be able to stop
 * the next one (RFC 8058); a new AUTH_SECRET ends them all.
 */
@Injectable()
export class UnsubscribeTokens implements OnModuleInit {
  private key: Buffer = Buffer.alloc(0);

  constructor(private readonly config: Config) {}

  async onModuleInit(): Promise<void> {
    const secret = await serverSecret(this.config);
    // A key of its own: what signs a link must not be able to sign a session.
    this.key = Buffer.from(hkdfSync('sha256', secret, '', 'parley notifications unsubscribe', 32));
  }

  make(userId: string, topic: NotificationTopic): string {
    const subject = `${userId}.${topic}`;
    return `${subject}.${this.sign(subject).toString('base64url')}`;
  }

  /** @throws DomainError not-found `notifications.wrong-link` */
  read(token: string): { userId: string; topic: NotificationTopic } {
    const [userId = '', topicName = '', signature = ''] = token.split('.');
    const given = Buffer.from(signature, 'base64url');
    const right = this.sign(`${userId}.${topicName}`);
    const topic = NotificationTopic.safeParse(topicName);
    if (given.length !== right.length || !timingSafeEqual(given, right) || !topic.success) throw wrongLink();
    return { userId, topic: topic.data };
  }

  private sign(subject: string): Buffer {
    return createHmac('sha256', this.key).update(subject).digest();
  }
}
