import {
  type ApolloServerOptionsWithGateway,
  type ApolloServerPlugin,
  type BaseContext,
  HeaderMap,
} from '@apollo/server';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Injectable } from '@nestjs/common';
import { execute, type ExecutionResult, type GraphQLSchema, printSchema } from 'graphql';
import { executeByPlan } from './query-execution.js';

/** What Apollo Server calls a gateway: who has the schema, and executes what was found to be valid. */
type Gateway = ApolloServerOptionsWithGateway<BaseContext>['gateway'];

/** By the context of the request. */
type FailedExecutions = WeakMap<BaseContext, ExecutionResult>;

/**
 * Nest's driver for Apollo Server, but for the execution of operations. What has a plan is executed by it, and what comes of that is the
 * response, unless there are errors: what is to be said of them Apollo only says of what a gateway executed. A gateway could execute
 * everything; but what Apollo makes for it is held, with all of the response, until V8 looks for garbage among what is old (ADR 8).
 */
@Injectable()
export class GraphqlDriver extends ApolloDriver {
  protected override registerFastify(
    { schema, plugins = [], ...options }: ApolloDriverConfig,
    hooks?: { preStartHook?: () => void },
  ): Promise<void> {
    const failed: FailedExecutions = new WeakMap();
    const withPlans = {
      ...options,
      plugins: [...plugins, executionByPlan(failed)],
      gateway: gatewayOf(schema!, failed),
    };
    return super.registerFastify(withPlans, hooks);
  }
}

const executionByPlan = (failed: FailedExecutions): ApolloServerPlugin => ({
  requestDidStart: () =>
    Promise.resolve({
      responseForOperation: async ({ schema, document, operation, request, contextValue }) => {
        const { variables: variableValues } = request;
        const args = { schema, document, variableValues, contextValue };
        const singleResult = await executeByPlan(operation, args);
        if (!singleResult) return null;
        if (singleResult.errors) {
          failed.set(contextValue, singleResult);
          return null;
        }
        return {
          body: { kind: 'single', singleResult },
          http: { status: undefined, headers: new HeaderMap() },
        };
      },
    }),
});

const gatewayOf = (schema: GraphQLSchema, failed: FailedExecutions): Gateway => ({
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
      executor: async ({ document, request, context }) => {
        const { operationName, variables: variableValues } = request;
        const args = { schema, document, operationName, variableValues, contextValue: context };
        return failed.get(context) ?? execute(args);
      },
    }),
  stop: () => Promise.resolve(),
});
