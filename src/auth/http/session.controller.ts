import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public, Returns, Scopes, StrictRateLimit } from '@app/http';
import { DomainError } from '@app/kernel';
import { MessageBus } from '@app/messaging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import {
  GetMe,
  GetSetup,
  RefreshSession,
  SessionView,
  SetupView,
  SignIn,
  SignOut,
  SignUp,
  UserView,
} from '../contracts/index.js';
import { AccountAuthenticator } from './account-authenticator.js';
import { answerWith, clearRefreshCookie, refreshTokenOf } from './refresh-cookie.js';
import { SignInBody, SignUpBody } from './shapes.js';

/** Accounts and sessions. The refresh token is in a cookie that only these paths get. */
@ApiTags('auth')
@Controller('api/auth')
export class SessionController {
  constructor(
    private readonly bus: MessageBus,
    private readonly authenticator: AccountAuthenticator,
  ) {}

  @Get('setup')
  @Public()
  @Returns(200, SetupView)
  setup() {
    return this.bus.query(new GetSetup({}));
  }

  @Post('sign-up')
  @Public()
  @StrictRateLimit(30)
  @Returns(201, SessionView)
  async signUp(
    @Body({ schema: SignUpBody }) body: z.output<typeof SignUpBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answerWith(await this.bus.execute(new SignUp(body)), request, reply);
  }

  @Post('sign-in')
  @Public()
  @StrictRateLimit(60)
  @Returns(200, SessionView)
  async signIn(
    @Body({ schema: SignInBody }) body: z.output<typeof SignInBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const userAgent = request.headers['user-agent']?.slice(0, 400);
    return answerWith(await this.bus.execute(new SignIn({ ...body, address: request.ip, userAgent })), request, reply);
  }

  @Post('refresh')
  @Public()
  @StrictRateLimit(120)
  @Returns(200, SessionView)
  async refresh(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const refreshToken = refreshTokenOf(request);
    if (!refreshToken) throw notSignedIn();
    try {
      return answerWith(await this.bus.execute(new RefreshSession({ refreshToken })), request, reply);
    } catch (error) {
      if (isOver(error)) clearRefreshCookie(request, reply);
      throw error;
    }
  }

  @Post('sign-out')
  @Public()
  @Returns(204)
  async signOut(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const refreshToken = refreshTokenOf(request);
    clearRefreshCookie(request, reply);
    if (!refreshToken) return;
    const { sessionId } = await this.bus.execute(new SignOut({ refreshToken }));
    if (sessionId) await this.authenticator.forget(sessionId);
  }

  @Get('me')
  @Scopes('inference', 'chat', 'explore', 'admin')
  @Returns(200, UserView)
  me() {
    return this.bus.query(new GetMe({}));
  }
}

const notSignedIn = () => new DomainError('unauthenticated', 'auth.session-ended', 'You are not signed in.');

const isOver = (error: unknown) => error instanceof DomainError && error.kind === 'unauthenticated';
