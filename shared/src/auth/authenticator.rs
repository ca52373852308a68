//! From the headers of a request to its caller.

use std::fmt;

use super::bearer::Bearer;
use super::cache::Cache;
use super::fetch::FetchError;
use super::key_sets::KeySets;
use super::strangers::Strangers;
use super::token::Unverified;
use super::{Caller, Error, Fetcher, Headers, Refusal, Who, api_key, bearer, subject};
use crate::model::{ApiKey, Instant, Issuer, Site, SiteKey, TenantId};
use crate::policy::{Policy, Tenant};
use crate::store::{self, Credentials};

/// Finds out who is asking. One per function, kept for its life: it remembers issuers, API keys and tenants for 60 s
/// and key sets for 10 minutes.
pub struct Authenticator {
    directory: Directory,
    defaults: Policy,
    key_sets: KeySets,
    issuers: Cache<Issuer>,
    api_keys: Cache<ApiKey>,
    tenants: Cache<Tenant>,
    sites: Cache<Site>,
    strangers: Strangers,
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
            sites: Cache::new(),
            strangers: Strangers::default(),
        }
    }

    /// The caller of a request with these headers from this address at this time.
    ///
    /// # Errors
    /// [`Error::TooMany`] when the address's network has named too many unknown credentials;
    /// [`Error::Missing`] and [`Error::Invalid`] when nobody is known to ask; [`Error::Forbidden`] and
    /// [`Error::SubjectInvalid`] when `Holdfast-Subject` is wrong here; [`Error::Unavailable`] when the table or the
    /// issuer's key set cannot be read. Never [`Error::SubjectMissing`]: see [`Caller::require_subject`].
    pub async fn authenticate(
        &self,
        headers: &(impl Headers + ?Sized),
        from: Option<&str>,
        now: Instant,
    ) -> Result<Caller, Error> {
        let subjects = headers.all(subject::HEADER);
        match bearer::read(&headers.all("authorization"))? {
            Bearer::Token(token) => {
                let caller = self.user(token, from, now).await?;
                subject::refuse_for_user(&subjects)?;
                Ok(caller)
            }
            Bearer::Key { id, secret } => {
                let key = self.key((id, secret), from, now).await?;
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

    /// The site of this key and its tenant for a request from this address, remembered as credentials are; none where it
    /// has none.
    ///
    /// # Errors
    /// [`Error::TooMany`] as for credentials; [`Error::Unavailable`] when the table cannot be read.
    pub async fn site(
        &self,
        key: &SiteKey,
        from: Option<&str>,
        now: Instant,
    ) -> Result<Option<(Site, Tenant)>, Error> {
        let load = async || match &self.directory {
            Directory::Table(credentials) => credentials.site(key).await,
            #[cfg(test)]
            Directory::Listed(_) => Ok(None),
        };
        let found = self.look_up(&self.sites, key.as_str(), from, now, load).await?;
        let Some(site) = found else {
            return Ok(None);
        };
        Ok(self
            .known_tenant(&site.tenant, now)
            .await?
            .map(|tenant| (site, tenant)))
    }

    /// What `name` is in `cache`, by a read where that is not remembered and the network may still ask.
    async fn look_up<V: Clone>(
        &self,
        cache: &Cache<V>,
        name: &str,
        from: Option<&str>,
        now: Instant,
        load: impl AsyncFnOnce() -> Result<Option<V>, store::Error>,
    ) -> Result<Option<V>, Error> {
        let is_new = cache.is_new(name, now);
        if is_new && let Some(retry_after) = self.strangers.wait(from, now) {
            return Err(Error::TooMany { retry_after });
        }
        let found = cache.get(name, now, load()).await?;
        if is_new && found.is_none() {
            self.strangers.note(from, now);
        }
        Ok(found)
    }

    async fn user(&self, token: &str, from: Option<&str>, now: Instant) -> Result<Caller, Error> {
        let token = Unverified::read(token).map_err(refused)?;
        // Before any read: what its own words refuse asks for no issuer.
        token.judge_form(now).map_err(refused)?;
        let issuer = self
            .issuer(&token.issuer, from, now)
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
            sessions: verified.sessions,
            issued_at: verified.issued_at,
        };
        Ok(Caller { tenant, who })
    }

    async fn key(
        &self,
        (id, secret): (&str, &str),
        from: Option<&str>,
        now: Instant,
    ) -> Result<ApiKey, Error> {
        let found = if api_key::is_id(id) && api_key::is_secret(secret) {
            let load = async || match &self.directory {
                Directory::Table(credentials) => credentials.api_key(id).await,
                #[cfg(test)]
                Directory::Listed(listed) => listed.api_key(id),
            };
            self.look_up(&self.api_keys, id, from, now, load).await?
        } else {
            None
        };
        api_key::judge(found, secret, now).map_err(refused)
    }

    async fn issuer(&self, iss: &str, from: Option<&str>, now: Instant) -> Result<Option<Issuer>, Error> {
        let load = async || match &self.directory {
            Directory::Table(credentials) => credentials.issuer(iss).await,
            #[cfg(test)]
            Directory::Listed(listed) => listed.issuer(iss),
        };
        self.look_up(&self.issuers, iss, from, now, load).await
    }

    async fn tenant(&self, id: &TenantId, now: Instant) -> Result<Tenant, Error> {
        self.known_tenant(id, now)
            .await?
            .ok_or_else(|| refused(Refusal("credential's tenant is unknown")))
    }

    /// The tenant of this id, where there is one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the table cannot be read.
    pub async fn known_tenant(&self, id: &TenantId, now: Instant) -> Result<Option<Tenant>, Error> {
        let load = async {
            match &self.directory {
                Directory::Table(credentials) => credentials.tenant(id, &self.defaults).await,
                #[cfg(test)]
                Directory::Listed(listed) => listed.tenant(id),
            }
        };
        Ok(self.tenants.get(id.as_str(), now, load).await?)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::auth::IssuedKey;
    use crate::auth::strangers::MOST_NAMES;
    use crate::auth::testing::{AUDIENCE, Listed, NOW, Server, claims, claims_with, issuer, signers};
    use crate::clock::Fixed;
    use crate::model::Scope;

    struct Setting {
        server: Server,
        listed: Arc<Listed>,
        authenticator: Authenticator,
    }

    impl Setting {
        async fn new() -> Self {
            let [rsa, ec, ed] = signers();
            let server = Server::with(&[rsa.jwk("rsa"), ec.jwk("ec"), ed.jwk("ed")]).await;
            let listed = Listed::with_jwks(&server.url);
            let authenticator = Authenticator::listed(Arc::clone(&listed), Fetcher::new(true));
            Self {
                server,
                listed,
                authenticator,
            }
        }

        fn change_issuer(&self, change: impl FnOnce(&mut Issuer)) {
            change(self.listed.issuers.lock().unwrap().first_mut().unwrap());
        }

        fn with_key(&self, scopes: &[Scope]) -> IssuedKey {
            let scopes = scopes.iter().copied().collect();
            let issued = IssuedKey::draw("acme".parse().unwrap(), scopes, &Fixed::at(NOW)).unwrap();
            self.listed.api_keys.lock().unwrap().push(issued.key.clone());
            issued
        }

        async fn ask(&self, bearer: &str, subject: Option<&str>, now: Instant) -> Result<Caller, Error> {
            let authorization = format!("Bearer {bearer}");
            let mut headers = vec![("authorization", authorization.as_str())];
            headers.extend(subject.map(|it| ("holdfast-subject", it)));
            self.authenticator
                .authenticate(headers.as_slice(), None, now)
                .await
        }

        async fn user(&self, claims: &Value) -> Result<Caller, Error> {
            self.ask(&signers()[1].token("ec", claims), None, NOW).await
        }
    }

    #[tokio::test]
    async fn a_token_of_each_algorithm_lets_its_user_in() {
        let it = Setting::new().await;
        for (signer, kid) in signers().into_iter().zip(["rsa", "ec", "ed"]) {
            let caller = it.ask(&signer.token(kid, &claims()), None, NOW).await.unwrap();
            assert_eq!(caller.tenant.id.as_str(), "acme");
            let Who::User {
                subject, issued_at, ..
            } = caller.who
            else {
                panic!("a token is a user's");
            };
            assert_eq!(subject, crate::model::Subject::new("alice").unwrap());
            assert_eq!(issued_at, NOW - Duration::from_secs(10));
        }
        assert_eq!(it.server.asked(), 1);
        assert_eq!(
            it.listed.reads.load(Ordering::SeqCst),
            2,
            "issuer and tenant, once each"
        );
    }

    #[tokio::test]
    async fn the_ways_a_good_token_may_be_written() {
        let it = Setting::new().await;
        let now = NOW.secs();
        for (name, value) in [
            ("aud", json!([AUDIENCE])),
            ("aud", json!(["https://other.example.com", AUDIENCE])),
            ("exp", json!(now - 59)),
            ("nbf", json!(now + 60)),
            ("nbf", Value::Null),
            ("iat", json!(now + 60)),
            ("iat", json!(1_799_999_990.75)),
            ("tenant", json!("other")),
            ("sub", json!("\u{1f980}".repeat(255))),
            ("sid", Value::Null),
            ("anything", json!({"nested": [1, 2, {"a": null}]})),
        ] {
            let answer = it.user(&claims_with(name, value.clone())).await;
            assert!(answer.is_ok(), "{name}: {value}");
        }
        let [rsa, ec, ed] = signers();
        for alg in ["EdDSA", "Ed25519"] {
            let header = json!({"alg": alg, "kid": "ed", "typ": "at+jwt"}).to_string();
            let token = ed.sign(&header, &claims().to_string());
            assert!(it.ask(&token, None, NOW).await.is_ok(), "{alg}");
        }
        for header in [
            r#"{"alg":"ES256","kid":"ec"}"#,
            r#"{"alg":"ES256","kid":"ec","typ":"jwt"}"#,
            r#"{"alg":"ES256","kid":"ec","typ":"at+jwt"}"#,
            r#"{"alg":"ES256","kid":"ec","typ":"application/at+jwt"}"#,
            r#"{"alg":"ES256","kid":"ec","typ":"Application/JWT"}"#,
            r#"{"alg":"ES256","kid":"ec","typ":"AT+JWT","x5t":"abc","other":1}"#,
            r#"{"alg":"ES256"}"#,
        ] {
            let token = ec.sign(header, &claims().to_string());
            assert!(it.ask(&token, None, NOW).await.is_ok(), "{header}");
        }
        let fraction = rsa.token("rsa", &claims_with("iat", json!(1_799_999_990.75)));
        let caller = it.ask(&fraction, None, NOW).await.unwrap();
        assert!(matches!(caller.who, Who::User { issued_at, .. } if issued_at.millis() == 1_799_999_990_750));
    }

    #[tokio::test]
    async fn the_session_id_claim_is_the_better_word_of_the_session_than_sid() {
        let it = Setting::new().await;
        let both = {
            let mut claims = claims_with("sid", json!("s1"));
            claims["session_id"] = json!("s2");
            claims
        };
        for (claims, expected) in [
            (claims(), [].as_slice()),
            (claims_with("sid", json!("s1")), &["s1"]),
            (claims_with("session_id", json!("s2")), &["s2"]),
            (both, &["s2", "s1"]),
        ] {
            let caller = it.user(&claims).await.unwrap();
            assert_eq!(caller.session_claims(), expected);
        }
    }

    #[tokio::test]
    async fn an_issuer_of_one_tenant_needs_no_tenant_claim_and_of_several_does() {
        let it = Setting::new().await;
        it.change_issuer(|item| item.tenant_claim = None);
        assert!(matches!(it.user(&claims()).await, Err(Error::Invalid)));

        let it = Setting::new().await;
        it.change_issuer(|item| {
            item.tenant_claim = None;
            item.tenants = vec!["other".parse().unwrap()];
        });
        let caller = it.user(&claims()).await.unwrap();
        assert_eq!(
            caller.tenant.id.as_str(),
            "other",
            "the claim nobody asked for says acme"
        );
    }

    #[tokio::test]
    async fn an_issuer_without_audiences_or_tenants_lets_nobody_in() {
        for change in [
            (|item: &mut Issuer| item.audiences.clear()) as fn(&mut Issuer),
            |item| item.tenants.clear(),
            |item| item.algorithms.clear(),
        ] {
            let it = Setting::new().await;
            it.change_issuer(change);
            assert!(matches!(it.user(&claims()).await, Err(Error::Invalid)));
        }
    }

    #[tokio::test]
    async fn subjects_of_a_namespaced_issuer_are_its_own() {
        let it = Setting::new().await;
        let plain = it.user(&claims()).await.unwrap();
        let it = Setting::new().await;
        it.change_issuer(|item| item.namespaced = true);
        let namespaced = it.user(&claims()).await.unwrap();
        assert_ne!(
            plain.subject().unwrap().key(&plain.tenant.id),
            namespaced.subject().unwrap().key(&plain.tenant.id)
        );
    }

    #[tokio::test]
    async fn nobody_is_called_by_the_id_that_anothers_name_leads_to() {
        let it = Setting::new().await;
        let alice = it.user(&claims()).await.unwrap();
        let id = alice.subject().unwrap().client_id(&alice.tenant.id);
        let mut mallory = claims();
        mallory["sub"] = id.to_string().into();
        let mallory = it.user(&mallory).await.unwrap();
        assert_ne!(mallory.subject().unwrap().client_id(&alice.tenant.id), id);
    }

    #[tokio::test]
    async fn a_token_expires_while_the_function_lives() {
        let it = Setting::new().await;
        let token = signers()[1].token("ec", &claims());
        assert!(
            it.ask(&token, None, NOW + Duration::from_millis(359_999))
                .await
                .is_ok()
        );
        let late = it.ask(&token, None, NOW + Duration::from_mins(6)).await;
        assert!(matches!(late, Err(Error::Invalid)));
    }

    #[tokio::test]
    async fn a_key_set_that_cannot_be_had_is_our_failure_and_not_the_callers() {
        let it = Setting::new().await;
        it.server.answer_with("500 Internal Server Error", "", b"");
        assert!(matches!(it.user(&claims()).await, Err(Error::Unavailable(_))));
        let it = Setting::new().await;
        it.change_issuer(|item| item.jwks_url = "https://169.254.169.254/jwks".to_owned());
        assert!(matches!(it.user(&claims()).await, Err(Error::Unavailable(_))));
    }

    #[tokio::test]
    async fn a_table_that_cannot_be_read_is_our_failure_and_lets_nobody_in() {
        let it = Setting::new().await;
        let issued = it.with_key(&Scope::ALL);
        it.listed.down.store(true, Ordering::SeqCst);
        assert!(matches!(it.user(&claims()).await, Err(Error::Unavailable(_))));
        assert!(matches!(
            it.ask(&issued.bearer(), None, NOW).await,
            Err(Error::Unavailable(_))
        ));
    }

    #[tokio::test]
    async fn an_api_key_lets_its_backend_in() {
        let it = Setting::new().await;
        let issued = it.with_key(&[Scope::SessionsWrite]);
        let caller = it.ask(&issued.bearer(), Some("alice"), NOW).await.unwrap();
        assert_eq!(caller.tenant.id.as_str(), "acme");
        assert_eq!(caller.subject().unwrap().name(), "alice");
        assert!(caller.may(Scope::SessionsWrite) && !caller.may(Scope::SessionsRead));
        assert_eq!(caller.credential_id(), format!("key:{}", issued.key.id));
    }

    #[tokio::test]
    async fn no_other_secret_and_no_other_id_does() {
        let it = Setting::new().await;
        let issued = it.with_key(&Scope::ALL);
        let (id, secret) = (&issued.key.id, issued.secret.reveal());
        for bearer in [
            format!("{id}:"),
            format!("{id}:wrong"),
            format!(":{secret}"),
            format!("unknown:{secret}"),
            format!("{secret}:{id}"),
            format!("{id}::{secret}"),
            format!("{id}#x:{secret}"),
            format!("{}:{secret}", "a".repeat(65)),
            format!("{id}:{}", "a".repeat(129)),
            secret.to_owned(),
            id.clone(),
        ] {
            assert!(
                matches!(it.ask(&bearer, None, NOW).await, Err(Error::Invalid)),
                "{bearer}"
            );
        }
    }

    #[tokio::test]
    async fn what_its_own_words_refuse_costs_no_read() {
        let it = Setting::new().await;
        let [rsa, ec, _] = signers();
        let now = NOW.secs();
        let mut junk = vec![
            "id:short".to_owned(),
            format!("id:{}", "a".repeat(42)),
            format!("id:{}", "a".repeat(129)),
            format!("a#b:{}", "a".repeat(43)),
            format!("{}:{}", "a".repeat(65), "a".repeat(43)),
        ];
        for (name, value) in [
            ("exp", json!(now - 60)),
            ("exp", json!("soon")),
            ("exp", Value::Null),
            ("iat", json!(now + 61)),
            ("iat", Value::Null),
            ("nbf", json!(now + 61)),
            ("aud", Value::Null),
            ("sub", Value::Null),
            ("sub", json!(7)),
            ("iss", json!("")),
        ] {
            junk.push(ec.token("ec", &claims_with(name, value)));
        }
        for (signer, kid) in [(rsa, "rsa"), (ec, "ec")] {
            let good = signer.token(kid, &claims());
            junk.push(good.get(..good.len() - 4).unwrap().to_owned());
            junk.push(format!("{good}!"));
            let (signed, _) = good.rsplit_once('.').unwrap();
            junk.push(format!("{signed}."));
        }
        for bearer in junk {
            let answer = it.ask(&bearer, None, NOW).await;
            assert!(matches!(answer, Err(Error::Invalid)), "{bearer}: {answer:?}");
            assert_eq!(it.listed.reads.load(Ordering::SeqCst), 0, "{bearer}");
        }
    }

    #[tokio::test]
    async fn invented_names_cost_a_network_a_bounded_number_of_reads_and_nobody_else_anything() {
        let it = Setting::new().await;
        let (known, new) = (it.with_key(&Scope::ALL), it.with_key(&Scope::ALL));
        let from = |address: &'static str, bearer: String, at| {
            let it = &it;
            async move {
                let authorization = format!("Bearer {bearer}");
                let headers = [("authorization", authorization.as_str())];
                it.authenticator
                    .authenticate(headers.as_slice(), Some(address), at)
                    .await
            }
        };
        let (flooder, neighbour, other) = ("192.0.2.1", "192.0.2.77", "198.51.100.1");
        let token = signers()[1].token("ec", &claims());
        assert!(from(neighbour, known.bearer(), NOW).await.is_ok());
        assert!(from(neighbour, token.clone(), NOW).await.is_ok());
        let before = it.listed.reads.load(Ordering::SeqCst);
        let secret = "a".repeat(43);
        let (mut unknown, mut held_off) = (0, 0);
        for number in 0..1000 {
            let issuer = claims_with("iss", json!(format!("https://{number}.example.com")));
            for bearer in [
                format!("invented-{number}:{secret}"),
                signers()[1].token("ec", &issuer),
            ] {
                match from(flooder, bearer, NOW).await {
                    Err(Error::Invalid) => unknown += 1,
                    Err(Error::TooMany { retry_after: 10 }) => held_off += 1,
                    answer => panic!("{answer:?}"),
                }
            }
        }
        let reads = u32::try_from(it.listed.reads.load(Ordering::SeqCst) - before).unwrap();
        assert_eq!(
            (unknown, held_off, reads),
            (MOST_NAMES, 2000 - MOST_NAMES, MOST_NAMES)
        );

        // What the instance knows works on, also when it has to be read again; so does everybody elsewhere.
        assert!(from(flooder, known.bearer(), NOW).await.is_ok());
        assert!(from(other, new.bearer(), NOW).await.is_ok());
        let soon = NOW + Duration::from_secs(55);
        for _ in 0..MOST_NAMES {
            let id = it.listed.reads.load(Ordering::SeqCst);
            let answer = from(flooder, format!("again-{id}:{secret}"), soon).await;
            assert!(matches!(answer, Err(Error::Invalid)));
        }
        let later = NOW + Duration::from_secs(62);
        assert!(from(neighbour, known.bearer(), later).await.is_ok());
        assert!(from(neighbour, token, later).await.is_ok());
        let late = from(flooder, format!("late:{secret}"), later).await;
        assert!(matches!(late, Err(Error::TooMany { retry_after: 3 })), "{late:?}");
    }

    #[tokio::test]
    async fn a_key_works_10_seconds_after_its_network_stopped_inventing_names() {
        let it = Setting::new().await;
        let secret = "a".repeat(43);
        for number in 0..100 {
            drop(it.ask(&format!("invented-{number}:{secret}"), None, NOW).await);
        }
        let bearer = it.with_key(&Scope::ALL).bearer();
        let held_off = it.ask(&bearer, None, NOW + Duration::from_secs(9)).await;
        assert!(matches!(held_off, Err(Error::TooMany { retry_after: 1 })));
        assert!(it.ask(&bearer, None, NOW + Duration::from_secs(10)).await.is_ok());
    }

    #[tokio::test]
    async fn a_revoked_key_stops_working_within_60_seconds() {
        let it = Setting::new().await;
        let bearer = it.with_key(&Scope::ALL).bearer();
        assert!(it.ask(&bearer, None, NOW).await.is_ok());
        it.listed.api_keys.lock().unwrap()[0].revoked_at = Some(NOW + Duration::from_secs(1));
        let later = it.ask(&bearer, None, NOW + Duration::from_mins(1)).await;
        assert!(matches!(later, Err(Error::Invalid)));
    }

    #[tokio::test]
    async fn a_key_of_a_tenant_that_is_gone_lets_nobody_in() {
        let it = Setting::new().await;
        let bearer = it.with_key(&Scope::ALL).bearer();
        it.listed.api_keys.lock().unwrap()[0].tenant = "ghost".parse().unwrap();
        assert!(matches!(it.ask(&bearer, None, NOW).await, Err(Error::Invalid)));
    }

    #[tokio::test]
    async fn a_user_cannot_act_for_anybody_not_even_itself() {
        let it = Setting::new().await;
        let token = signers()[0].token("rsa", &claims());
        for subject in ["bob", "alice", ""] {
            let answer = it.ask(&token, Some(subject), NOW).await;
            assert!(matches!(answer, Err(Error::Forbidden(_))), "{subject:?}");
        }
        let hostile = it.ask("a.b.c", Some("bob"), NOW).await;
        assert!(
            matches!(hostile, Err(Error::Invalid)),
            "who is asking comes first"
        );
    }

    #[tokio::test]
    async fn nothing_that_is_printed_holds_a_credential() {
        let it = Setting::new().await;
        let issued = it.with_key(&Scope::ALL);
        let secret = issued.secret.reveal();
        let good = it.ask(&issued.bearer(), None, NOW).await.unwrap();
        let bad = it
            .ask(&format!("{}:{secret}x", issued.key.id), None, NOW)
            .await
            .unwrap_err();
        let printed = format!("{good:?} {bad:?} {bad} {issued:?} {:?}", it.authenticator);
        assert!(!printed.contains(secret));
        let digest = format!("{:?}", issued.key.secret_digest);
        assert!(
            !format!("{good:?}").contains(&digest),
            "the digest stays out of the caller"
        );
    }

    #[tokio::test]
    async fn an_issuer_that_is_taken_out_stops_within_60_seconds() {
        let it = Setting::new().await;
        let token = signers()[0].token("rsa", &claims());
        assert!(it.ask(&token, None, NOW).await.is_ok());
        *it.listed.issuers.lock().unwrap() = vec![Issuer {
            issuer: "https://other.example.com".to_owned(),
            ..issuer(&it.server.url)
        }];
        let later = it.ask(&token, None, NOW + Duration::from_mins(1)).await;
        assert!(matches!(later, Err(Error::Invalid)));
    }
}
