import { ApolloServer } from '@apollo/server';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Inject, Injectable } from '@nestjs/common';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import type { FastifyInstance, RouteHandlerMethod } from 'fastify';
import type { GraphQLSchema } from 'graphql';

/**
 * Builds the schema and starts Apollo with the first operation. Both take a sixth of the time until the service is ready, and many
 * instances never get an operation.
 */
@Injectable()
export class LazyDriver extends ApolloDriver {
  @Inject()
  private readonly schemaHost!: GraphQLSchemaHost;
  private handler: Promise<RouteHandlerMethod> | undefined;

  /** There is none until {@link start} gets an operation. */
  override generateSchema(): Promise<GraphQLSchema> {
    return Promise.resolve(undefined as unknown as GraphQLSchema);
  }

  override start(options: ApolloDriverConfig): Promise<void> {
    const fastify = this.httpAdapterHost.httpAdapter.getInstance<FastifyInstance>();
    fastify.route({
      url: options.path!,
      method: ['GET', 'POST'],
      handler: async (request, reply) => {
        this.handler ??= this.startApollo(options, fastify);
        return (await this.handler).call(fastify, request, reply);
      },
    });
    return Promise.resolve();
  }

  private async startApollo(
    options: ApolloDriverConfig,
    fastify: FastifyInstance,
  ): Promise<RouteHandlerMethod> {
    const schema = (await super.generateSchema(options))!;
    this.schemaHost.schema = schema;
    this.apolloServer = new ApolloServer({
      ...options,
      schema,
      plugins: [...(options.plugins ?? []), fastifyApolloDrainPlugin(fastify)],
    } as never);
    await this.apolloServer.start();
    return fastifyApolloHandler(this.apolloServer, { context: options.context as never });
  }
}
