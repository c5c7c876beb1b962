import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  SetMetadata,
  type Type,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { DomainError } from '@app/kernel';
import type { Actor } from '@app/messaging';
import type { FastifyRequest } from 'fastify';

const PUBLIC = 'http:public';
const ROLES = 'http:roles';
const SCOPES = 'http:scopes';

/** Anybody may call it, signed in or not. */
export const Public = () => SetMetadata(PUBLIC, true);

/** Only accounts with one of these roles. */
export const Roles = (...roles: Actor['role'][]) => SetMetadata(ROLES, roles);

/**
 * API keys with one of these scopes may call it. Without it a route is for signed-in people alone (or, where `@Roles`
 * asks for an administrator, also for keys with the scope `admin`), so that a new route never opens to old keys.
 */
export const Scopes = (...scopes: string[]) => SetMetadata(SCOPES, scopes);

/** The signed-in account; only on routes that are not public. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const { actor } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!actor) throw notSignedIn();
  return actor;
});

interface Rule {
  public: boolean;
  roles: readonly string[];
  scopes: readonly string[];
}

/** Lets in who may come in. Stands before every controller; a route says what is different about it. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly rules = new WeakMap<object, WeakMap<object, Rule>>();

  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const rule = this.ruleOf(context.getClass(), context.getHandler());
    if (rule.public) return true;
    const { actor, headers } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!actor) throw headers.authorization === undefined ? notSignedIn() : wrongToken();
    if (rule.roles.length > 0 && !rule.roles.includes(actor.role)) throw forbidden();
    if (actor.scopes && !rule.scopes.some((scope) => actor.scopes!.includes(scope))) throw outOfScope(rule.scopes);
    return true;
  }

  private ruleOf(controller: Type, handler: object): Rule {
    let ofController = this.rules.get(controller);
    if (!ofController) this.rules.set(controller, (ofController = new WeakMap()));
    let rule = ofController.get(handler);
    if (!rule) ofController.set(handler, (rule = this.read([handler, controller])));
    return rule;
  }

  private read(targets: object[]): Rule {
    const of = <T>(key: string) => this.reflector.getAllAndOverride<T | undefined>(key, targets as Type[]);
    const roles = of<string[]>(ROLES) ?? [];
    return { public: of<boolean>(PUBLIC) ?? false, roles, scopes: of<string[]>(SCOPES) ?? roles.filter(isAdmin) };
  }
}

const isAdmin = (role: string) => role === 'admin';

const notSignedIn = () => new DomainError('unauthenticated', 'platform.unauthenticated', 'You need to sign in first.');

const wrongToken = () =>
  new DomainError('unauthenticated', 'platform.unauthenticated', 'The token or API key is wrong, expired or revoked.');

const forbidden = () => new DomainError('forbidden', 'platform.forbidden', 'Your account may not do this.');

const outOfScope = (scopes: readonly string[]) =>
  new DomainError('forbidden', 'platform.out-of-scope', 'This API key may not do this.', { scopes });
