import { Body, Controller, Delete, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access } from '../../auth/principal/access-roles.js';
import { RegistryError } from '../../errors/registry-error.js';
import { BrowserSessions } from '../../auth/sessions/browser-sessions.js';
import { NoStore } from '../../http/responses/default-headers.js';
import { SESSION_PATH } from '../../config/paths.js';
import { onlyMembersOf, readShape, Text } from '../../http/requests/shape.js';

/** The body of a sign-in. */
class SignIn {
  @Text()
  api_key!: string;
}

const sortMember = onlyMembersOf(SignIn);

/** Sign-in and sign-out of the console. Not part of the documented API: programs send their key with each request. */
@Controller(SESSION_PATH)
@Access('public')
@ApiExcludeController()
export class SessionController {
  constructor(private readonly sessions: BrowserSessions) {}

  @Post()
  @HttpCode(204)
  @NoStore()
  async signIn(
    @Body() raw: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { body, faults } = readShape(SignIn, raw, sortMember);
    if (Object.keys(faults).length > 0) {
      throw new RegistryError('validation_error', `Invalid fields: ${Object.keys(faults).join(', ')}.`, {
        invalidFields: faults,
      });
    }
    await this.sessions.signIn(body.api_key, request, reply);
  }

  @Delete()
  @HttpCode(204)
  @NoStore()
  async signOut(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.sessions.signOut(request, reply);
  }
}
