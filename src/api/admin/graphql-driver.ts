import type { ApolloServerOptionsWithGateway, BaseContext } from '@apollo/server';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Injectable } from '@nestjs/common';
import { type GraphQLSchema, printSchema } from 'graphql';
import { executeOperation } from './query-execution.js';

/** What Apollo Server calls a gateway: who has the schema, and executes what was found to be valid. */
type Gateway = ApolloServerOptionsWithGateway<BaseContext>['gateway'];

/** Nest's driver for Apollo Server, but for the execution of operations. */
@Injectable()
export class GraphqlDriver extends ApolloDriver {
  protected override registerFastify(
    { schema, ...options }: ApolloDriverConfig,
    hooks?: { preStartHook?: () => void },
  ): Promise<void> {
    const withGateway = { ...options, gateway: gatewayOf(schema!) };
    return super.registerFastify(withGateway, hooks);
  }
}

const gatewayOf = (schema: GraphQLSchema): Gateway => ({
  onSchemaLoadOrUpdate: (tell) => {
    tell({
      apiSchema: schema,
      // Only Apollo's schema reporting asks for it, and to print it takes ten milliseconds of a start
      get coreSupergraphSdl() {
        return printSchema(schema);
      },
    });
    return () => undefined;
  },
  load: () =>
    Promise.resolve({
      executor: async ({ document, operation, request, context }) => {
        const { operationName, variables: variableValues } = request;
        const args = { schema, document, operationName, variableValues, contextValue: context };
        return executeOperation(operation, args);
      },
    }),
  stop: () => Promise.resolve(),
});
