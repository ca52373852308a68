//! From the headers of a request to its caller.

use std::fmt;

use super::bearer::Bearer;
use super::cache::Cache;
use super::fetch::FetchError;
use super::key_sets::KeySets;
use super::token::Unverified;
use super::{Caller, Error, Fetcher, Headers, Refusal, Who, api_key, bearer, subject};
use crate::model::{ApiKey, Instant, Issuer, Tenant, TenantId};
use crate::policy::Policy;
use crate::store::Credentials;

/// Finds out who is asking. One per function, kept for its life: it remembers issuers, API keys and tenants for 60 s
/// and key sets for 10 minutes.
pub struct Authenticator {
    directory: Directory,
    defaults: Policy,
    key_sets: KeySets,
    issuers: Cache<Issuer>,
    api_keys: Cache<ApiKey>,
    tenants: Cache<Tenant>,
}

/// Where credentials are looked up.
enum Directory {
    Table(Credentials),
    #[cfg(test)]
    Listed(std::sync::Arc<super::testing::Listed>),
}

impl Authenticator {
    /// An authenticator over the credentials of the table. Settings a tenant does not have are those of `defaults`.
    ///
    /// Does no work: nothing is read, resolved or loaded before the first request needs it.
    pub fn new(credentials: Credentials, defaults: Policy, fetcher: Fetcher) -> Self {
        Self::over(Directory::Table(credentials), defaults, fetcher)
    }

    #[cfg(test)]
    pub(super) fn listed(listed: std::sync::Arc<super::testing::Listed>, fetcher: Fetcher) -> Self {
        Self::over(Directory::Listed(listed), Policy::default(), fetcher)
    }

    fn over(directory: Directory, defaults: Policy, fetcher: Fetcher) -> Self {
        Self {
            directory,
            defaults,
            key_sets: KeySets::new(fetcher),
            issuers: Cache::new(),
            api_keys: Cache::new(),
            tenants: Cache::new(),
        }
    }

    /// The caller of a request with these headers at this time.
    ///
    /// # Errors
    /// [`Error::Missing`] and [`Error::Invalid`] when nobody is known to ask; [`Error::Forbidden`] and
    /// [`Error::SubjectInvalid`] when `Holdfast-Subject` is wrong here; [`Error::Unavailable`] when the table or the
    /// issuer's key set cannot be read. Never [`Error::SubjectMissing`]: see [`Caller::require_subject`].
    pub async fn authenticate(
        &self,
        headers: &(impl Headers + ?Sized),
        now: Instant,
    ) -> Result<Caller, Error> {
        let subjects = headers.all(subject::HEADER);
        match bearer::read(&headers.all("authorization"))? {
            Bearer::Token(token) => {
                let caller = self.user(token, now).await?;
                subject::refuse_for_user(&subjects)?;
                Ok(caller)
            }
            Bearer::Key { id, secret } => {
                let key = self.key(id, secret, now).await?;
                let tenant = self.tenant(&key.tenant, now).await?;
                let acts_for = subject::acts_for(&subjects, key.scopes)?;
                let who = Who::Key {
                    id: key.id,
                    scopes: key.scopes,
                    acts_for,
                };
                Ok(Caller { tenant, who })
            }
        }
    }

    async fn user(&self, token: &str, now: Instant) -> Result<Caller, Error> {
        let token = Unverified::read(token).map_err(refused)?;
        let issuer = self
            .issuer(&token.issuer, now)
            .await?
            .ok_or_else(|| refused(Refusal("token issuer is unknown")))?;
        // Before any fetch: a token of an algorithm the issuer never uses asks for no key.
        if !issuer.algorithms.contains(&token.algorithm) {
            return Err(refused(Refusal("token algorithm is not the issuer's")));
        }
        let keys = self
            .key_sets
            .get(&issuer.jwks_url, token.key_id.as_deref(), token.algorithm, now)
            .await?;
        let key = keys
            .find(token.key_id.as_deref(), token.algorithm)
            .map_err(refused)?;
        let verified = token.verify(&issuer, key, now).map_err(refused)?;
        let tenant = self.tenant(&verified.tenant, now).await?;
        let who = Who::User {
            subject: verified.subject,
            issuer: issuer.issuer,
            session: verified.session,
            issued_at: verified.issued_at,
        };
        Ok(Caller { tenant, who })
    }

    async fn key(&self, id: &str, secret: &str, now: Instant) -> Result<ApiKey, Error> {
        let found = if api_key::is_id(id) {
            let load = async {
                match &self.directory {
                    Directory::Table(credentials) => credentials.api_key(id).await,
                    #[cfg(test)]
                    Directory::Listed(listed) => listed.api_key(id),
                }
            };
            self.api_keys.get(id, now, load).await?
        } else {
            None
        };
        api_key::judge(found, secret, now).map_err(refused)
    }

    async fn issuer(&self, iss: &str, now: Instant) -> Result<Option<Issuer>, Error> {
        let load = async {
            match &self.directory {
                Directory::Table(credentials) => credentials.issuer(iss).await,
                #[cfg(test)]
                Directory::Listed(listed) => listed.issuer(iss),
            }
        };
        Ok(self.issuers.get(iss, now, load).await?)
    }

    async fn tenant(&self, id: &TenantId, now: Instant) -> Result<Tenant, Error> {
        let load = async {
            match &self.directory {
                Directory::Table(credentials) => credentials.tenant(id, &self.defaults).await,
                #[cfg(test)]
                Directory::Listed(listed) => listed.tenant(id),
            }
        };
        self.tenants
            .get(id.as_str(), now, load)
            .await?
            .ok_or_else(|| refused(Refusal("credential's tenant is unknown")))
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticator")
    }
}

impl From<FetchError> for Error {
    fn from(error: FetchError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

fn refused(Refusal(reason): Refusal) -> Error {
    tracing::debug!(reason, "credential refused");
    Error::Invalid
}
