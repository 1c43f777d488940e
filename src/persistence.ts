import { AuditEventEntity } from './audit/audit-event.entity.js';
import { AdminSessionEntity } from './auth/sessions/admin-session.entity.js';
import { ApiKeyEntity } from './auth/api-keys/api-key.entity.js';
import { ClientCountEntity } from './clients/counts/client-count.entity.js';
import { ClientAssertionEntity } from './clients/authentication/client-assertion.entity.js';
import { ClientSecretEntity } from './clients/secrets/client-secret.entity.js';
import { ClientEntity } from './clients/client/client.entity.js';
import { InitialAccessTokenEntity } from './clients/initial-access-tokens/initial-access-token.entity.js';
import {
  ClientAuthenticationCountEntity,
  RegistrationCountEntity,
  TokenCountEntity,
} from './clients/counts/daily-count.entity.js';
import { PurgeClockEntity } from './database/clock/purge-clock.entity.js';
import { GrantEntity } from './authorization/grants/grant.entity.js';
import { SigningKeyEntity } from './authorization/keys/signing-key.entity.js';
import { ResourceEntity } from './authorization/resources/resource.entity.js';
import { TokenEntity } from './authorization/tokens/token.entity.js';
import { IssueTokens1796731200000 } from './migrations/authorization/1796731200000-issue-tokens.js';
import { DefineResources1796820000000 } from './migrations/authorization/1796820000000-define-resources.js';
import { ListGrants1796820060000 } from './migrations/authorization/1796820060000-list-grants.js';
import { RememberRedirectHosts1796820120000 } from './migrations/authorization/1796820120000-remember-redirect-hosts.js';
import { LeaveRevokedGrantsOutOfIndexes1796906400000 } from './migrations/authorization/1796906400000-leave-revoked-grants-out-of-indexes.js';
import { AddRegistrationToken1795309200000 } from './migrations/registration/1795309200000-add-registration-token.js';
import { CreateInitialAccessTokens1795395600000 } from './migrations/registration/1795395600000-create-initial-access-tokens.js';
import { OverlapRegistrationTokens1796436000000 } from './migrations/registration/1796436000000-overlap-registration-tokens.js';
import { CreateAuditEvents1795399200000 } from './migrations/audit/1795399200000-create-audit-events.js';
import { RenameDoorToChannel1796263200000 } from './migrations/audit/1796263200000-rename-door-to-channel.js';
import { NameTheChannelOfJobs1796263260000 } from './migrations/audit/1796263260000-name-the-channel-of-jobs.js';
import { KeepDeletedClients1795402800000 } from './migrations/clients/1795402800000-keep-deleted-clients.js';
import { CountClients1795482000000 } from './migrations/clients/1795482000000-count-clients.js';
import { TellUnusedClients1795568400000 } from './migrations/clients/1795568400000-tell-unused-clients.js';
import { IndexExpiringSecrets1795572000000 } from './migrations/secrets/1795572000000-index-expiring-secrets.js';
import { ServeTheConsole1795654800000 } from './migrations/console/1795654800000-serve-the-console.js';
import { FindExceptionalClients1795741200000 } from './migrations/clients/1795741200000-find-exceptional-clients.js';
import { CountClientsByPeriod1795824000000 } from './migrations/clients/1795824000000-count-clients-by-period.js';
import { LeaveNullsOutOfIndexes1795910400000 } from './migrations/clients/1795910400000-leave-nulls-out-of-indexes.js';
import { SearchNamesWithoutLocale1796000400000 } from './migrations/clients/1796000400000-search-names-without-locale.js';
import { BoundClientSecrets1796090400000 } from './migrations/secrets/1796090400000-bound-client-secrets.js';
import { KeepAPurgeClock1796176800000 } from './migrations/database/1796176800000-keep-a-purge-clock.js';
import { AuthenticateClients1796349600000 } from './migrations/authentication/1796349600000-authenticate-clients.js';
import { SortByLastUse1796522400000 } from './migrations/clients/1796522400000-sort-by-last-use.js';
import { CountClientAuthentications1796526000000 } from './migrations/authentication/1796526000000-count-client-authentications.js';
import { EndClientsWithStatements1796608800000 } from './migrations/clients/1796608800000-end-clients-with-statements.js';
import { FindDeletedClients1796906460000 } from './migrations/clients/1796906460000-find-deleted-clients.js';
import { OrderUnusedClients1796906520000 } from './migrations/clients/1796906520000-order-unused-clients.js';
import { FindLapsedClients1796608860000 } from './migrations/clients/1796608860000-find-lapsed-clients.js';
import { CreateSchema1795276800000 } from './migrations/clients/1795276800000-create-schema.js';

/** What the database stores, and how its schema came to be. Handed to the database, which imports no entity. */
export const PERSISTENCE = {
  entities: [
    ClientEntity,
    ClientCountEntity,
    ClientSecretEntity,
    ClientAssertionEntity,
    InitialAccessTokenEntity,
    ApiKeyEntity,
    AuditEventEntity,
    AdminSessionEntity,
    RegistrationCountEntity,
    ClientAuthenticationCountEntity,
    PurgeClockEntity,
    TokenEntity,
    GrantEntity,
    SigningKeyEntity,
    ResourceEntity,
    TokenCountEntity,
  ],
  migrations: [
    CreateSchema1795276800000,
    AddRegistrationToken1795309200000,
    CreateInitialAccessTokens1795395600000,
    CreateAuditEvents1795399200000,
    KeepDeletedClients1795402800000,
    CountClients1795482000000,
    TellUnusedClients1795568400000,
    IndexExpiringSecrets1795572000000,
    ServeTheConsole1795654800000,
    FindExceptionalClients1795741200000,
    CountClientsByPeriod1795824000000,
    LeaveNullsOutOfIndexes1795910400000,
    SearchNamesWithoutLocale1796000400000,
    BoundClientSecrets1796090400000,
    KeepAPurgeClock1796176800000,
    RenameDoorToChannel1796263200000,
    NameTheChannelOfJobs1796263260000,
    AuthenticateClients1796349600000,
    OverlapRegistrationTokens1796436000000,
    SortByLastUse1796522400000,
    CountClientAuthentications1796526000000,
    EndClientsWithStatements1796608800000,
    FindLapsedClients1796608860000,
    IssueTokens1796731200000,
    DefineResources1796820000000,
    ListGrants1796820060000,
    RememberRedirectHosts1796820120000,
    LeaveRevokedGrantsOutOfIndexes1796906400000,
    FindDeletedClients1796906460000,
    OrderUnusedClients1796906520000,
  ],
};
