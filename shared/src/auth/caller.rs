//! Whoever stands behind a verified credential.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::Error;
use crate::model::{Instant, Issued, IssuerTag, Scope, Scopes, Subject, SubjectKey};
use crate::policy::Tenant;

/// Whoever is asking. Everything in it comes from the verified credential, but for the subject an API key acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant the credential belongs to.
    pub tenant: Tenant,
    /// Who of that tenant.
    pub who: Who,
}

/// A user, or a backend of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A user with a token of the tenant's issuer: asks about its own sessions only.
    User {
        /// The user.
        subject: Subject,
        /// The issuer (`iss`) that vouches for it.
        issuer: String,
        /// The sessions the token says it was made in: its `session_id`, then its `sid`, as written. They may be the
        /// issuer's own, which mean nothing here.
        sessions: Vec<String>,
        /// When the token was made (`iat`), by the issuer's clock. Tokens older than a revoke-all open no session.
        issued_at: Instant,
    },
    /// A backend with an API key.
    Key {
        /// The key's id, the part before the colon.
        id: String,
        /// What the key may do.
        scopes: Scopes,
        /// The user it acts for in this request (`Holdfast-Subject`).
        acts_for: Option<Subject>,
    },
}

impl Caller {
    /// Whether the caller may do what `scope` names.
    ///
    /// A user may read and write sessions, always and only its own; whose they are is judged by the reader of the
    /// session.
    pub fn may(&self, scope: Scope) -> bool {
        match &self.who {
            Who::User { .. } => matches!(scope, Scope::SessionsRead | Scope::SessionsWrite),
            Who::Key { scopes, .. } => scopes.has(scope),
        }
    }

    /// Refuses a caller that may not do what `scope` names.
    ///
    /// # Errors
    /// [`Error::Forbidden`], with a text that names the scope.
    pub fn require(&self, scope: Scope) -> Result<(), Error> {
        if self.may(scope) {
            return Ok(());
        }
        Err(Error::Forbidden(match scope {
            Scope::SessionsRead => "the credential lacks the scope sessions:read",
            Scope::SessionsWrite => "the credential lacks the scope sessions:write",
            Scope::SessionsAdmin => "the credential lacks the scope sessions:admin",
            Scope::TelemetryRead => "the credential lacks the scope telemetry:read",
            Scope::TenantAdmin => "the credential lacks the scope tenant:admin",
        }))
    }

    /// Refuses a caller that may do nothing of what `scopes` name.
    ///
    /// # Errors
    /// [`Error::Forbidden`], with a text that names the first of them.
    pub fn require_any(&self, scopes: &[Scope]) -> Result<(), Error> {
        if scopes.iter().any(|scope| self.may(*scope)) {
            return Ok(());
        }
        scopes.first().map_or(Ok(()), |scope| self.require(*scope))
    }

    /// When the credential was made, and by whose clock. None for an API key, which is no word about when.
    pub fn issued(&self) -> Option<Issued> {
        match &self.who {
            Who::User {
                issued_at, issuer, ..
            } => Some(Issued {
                at: *issued_at,
                issuer: IssuerTag::of(issuer),
            }),
            Who::Key { .. } => None,
        }
    }

    /// What a user's token says of the session it was made in, the better word first.
    pub fn session_claims(&self) -> &[String] {
        match &self.who {
            Who::User { sessions, .. } => sessions,
            Who::Key { .. } => &[],
        }
    }

    /// Whether the caller's word about IP, user agent and fingerprint is evidence: a backend's is, a user's own token
    /// makes a claim unless the tenant decided otherwise.
    pub const fn context_is_trusted(&self) -> bool {
        self.is_backend() || self.tenant.policy.trust_user_context
    }

    /// The user in question: the one who asks, or the one the key acts for.
    pub fn subject(&self) -> Option<&Subject> {
        match &self.who {
            Who::User { subject, .. } => Some(subject),
            Who::Key { acts_for, .. } => acts_for.as_ref(),
        }
    }

    /// The user in question, where there has to be one.
    ///
    /// # Errors
    /// [`Error::SubjectMissing`] when an API key names none.
    pub fn require_subject(&self) -> Result<&Subject, Error> {
        self.subject().ok_or(Error::SubjectMissing)
    }

    /// Whether the caller may see what belongs to this subject: a user its own alone, a backend that names a user that
    /// user's, any other backend everything of its tenant.
    pub fn may_see(&self, subject: &SubjectKey) -> bool {
        self.subject()
            .is_none_or(|own| own.key(&self.tenant.id) == *subject)
    }

    /// Refuses a user's own token.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn require_backend(&self) -> Result<(), Error> {
        if self.is_backend() {
            Ok(())
        } else {
            Err(Error::Forbidden("this takes an API key"))
        }
    }

    /// Whether the caller is a backend of the tenant, whose word about the client's context is evidence.
    pub const fn is_backend(&self) -> bool {
        matches!(self.who, Who::Key { .. })
    }

    /// What stands for the credential where its requests are kept apart: the same for every token of one user at one
    /// issuer, so that a retry with a refreshed token is still a retry; for a backend its key.
    ///
    /// Unique within the tenant. Holds nothing that lets anyone in.
    pub fn credential_id(&self) -> String {
        match &self.who {
            Who::User { subject, issuer, .. } => {
                let digest = Sha256::new()
                    .chain_update((issuer.len() as u64).to_be_bytes())
                    .chain_update(issuer)
                    .chain_update(subject.canonical_name().as_bytes())
                    .finalize();
                format!("user:{}", URL_SAFE_NO_PAD.encode(digest))
            }
            Who::Key { id, .. } => format!("key:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::testing::{acme, key_caller, user_caller};

    #[test]
    fn a_user_reads_and_writes_sessions_and_nothing_else() {
        let user = user_caller("https://issuer.example.com", "alice", 1000);
        let may: Vec<_> = Scope::ALL.into_iter().filter(|scope| user.may(*scope)).collect();
        assert_eq!(may, [Scope::SessionsRead, Scope::SessionsWrite]);
        assert!(matches!(
            user.require(Scope::SessionsAdmin),
            Err(Error::Forbidden(_))
        ));
    }

    #[test]
    fn a_key_may_what_its_scopes_say() {
        for granted in Scope::ALL {
            let key = key_caller("k1", [granted]);
            for asked in Scope::ALL {
                assert_eq!(key.may(asked), granted == asked);
                assert_eq!(key.require(asked).is_ok(), granted == asked);
            }
        }
    }

    #[test]
    fn a_key_that_names_no_subject_has_none() {
        let key = key_caller("k1", [Scope::SessionsWrite]);
        assert!(matches!(key.require_subject(), Err(Error::SubjectMissing)));
        let acting = Caller {
            tenant: acme(),
            who: Who::Key {
                id: "k1".to_owned(),
                scopes: Scopes::default(),
                acts_for: Some(Subject::new("alice").unwrap()),
            },
        };
        assert_eq!(acting.require_subject().unwrap().name(), "alice");
    }

    #[test]
    fn a_refreshed_token_is_the_same_credential_and_another_user_is_not() {
        let id = |iss, sub, iat| user_caller(iss, sub, iat).credential_id();
        assert_eq!(
            id("https://a.example.com", "alice", 1),
            id("https://a.example.com", "alice", 2)
        );
        assert_ne!(
            id("https://a.example.com", "alice", 1),
            id("https://b.example.com", "alice", 1)
        );
        assert_ne!(
            id("https://a.example.co", "malice", 1),
            id("https://a.example.com", "alice", 1)
        );
        assert_eq!(key_caller("k1", []).credential_id(), "key:k1");
    }
}
