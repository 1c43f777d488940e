# The full image can compile better-sqlite3 if it has no prebuilt binary for the platform
FROM node:24-bookworm AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json nest-cli.json bundle.js cli.js ormconfig.ts ./
COPY src src
COPY console console
RUN npm run build && npm prune --omit=dev --omit=optional
# The directory of SQLite, writable by the service only
RUN mkdir /data && chown 1000:1000 /data

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATABASE_URL=sqlite:/data/registry.sqlite
COPY --from=build /app/package.json /app/cli.js ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /data /data
VOLUME /data
# A number, so that Kubernetes can check that it is not root (runAsNonRoot)
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# No shell, which would not pass signals on. The CLI: `docker run IMAGE dist/cli.js api-key list`
ENTRYPOINT ["node", "--max-semi-space-size=8"]
CMD ["dist/main.js"]
