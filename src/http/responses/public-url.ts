import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CONFIG, type Config } from '../../config/variables.js';
import type { AddressInfo, Server } from 'node:net';
import { REGISTRATION_PATH } from '../../config/paths.js';
import { httpUrlOf } from '../../policy/uris/uri.js';

/** Where callers reach the service. Never derived from a request: a forged Host header must not end up in a reply. */
@Injectable()
export class PublicUrl {
  private port: number | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly host: HttpAdapterHost,
  ) {}

  /** The absolute URL of a path that starts with a slash. */
  of(path: string): string {
    return `${this.config.publicUrl ?? this.listening()}${path}`;
  }

  /** Where software manages its registration (RFC 7592 §3). */
  ofRegistration(clientId: string): string {
    return this.of(`/${REGISTRATION_PATH}/${clientId}`);
  }

  /** Where the service itself listens. */
  listening(): string {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    // The system is asked once
    this.port ??= (server.address() as AddressInfo | null)?.port;
    return httpUrlOf(this.config.host, this.port ?? this.config.port);
  }
}
