//! `Idempotency-Key`: a request that is sent twice is done once and gets one answer.

use sha2::{Digest, Sha256};

use super::http::{Reply, Request};
use super::{App, Deadline};
use crate::auth::Caller;
use crate::face::{bitcain, corsa, prefactor};
use crate::model::{Instant, SessionId};
use crate::store::{self, Begun};

/// The header's name.
const HEADER: &str = "Idempotency-Key";
/// Longest key, in characters.
const LONGEST_KEY: usize = 64;

/// Why a request with a key is not answered. Each face has its own words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The key is not 1 to 64 visible ASCII characters.
    NoKey,
    /// The first request with this key still runs.
    StillRunning {
        /// Seconds after which asking again makes sense.
        retry_after: u32,
    },
    /// The key came with another body before.
    OtherBody,
}

// Here and not in the faces: a face knows nothing of what runs it.
impl From<Refused> for bitcain::Error {
    fn from(refused: Refused) -> Self {
        let problem = |what| bitcain::Problem::header(HEADER, what).into();
        match refused {
            Refused::NoKey => problem("must be 1 to 64 visible ASCII characters"),
            Refused::StillRunning { retry_after } => Self::StillRunning { retry_after },
            Refused::OtherBody => problem("was used with another request body"),
        }
    }
}

impl From<Refused> for corsa::Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoKey => Self::invalid("Idempotency-Key must be 1 to 64 visible ASCII characters"),
            Refused::StillRunning { retry_after } => Self::StillRunning { retry_after },
            Refused::OtherBody => Self::OtherBody,
        }
    }
}

impl From<Refused> for prefactor::Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoKey => Self::BadRequest("Idempotency-Key must be 1 to 64 visible ASCII characters"),
            Refused::StillRunning { retry_after } => Self::StillRunning { retry_after },
            Refused::OtherBody => Self::BadRequest("Idempotency-Key was used with another request"),
        }
    }
}

/// One sending of a request that may be sent again.
#[derive(Debug)]
pub struct Once<'a> {
    /// Whoever is asking. A key means nothing outside its credential, subject, method, path and query.
    pub caller: &'a Caller,
    /// The request.
    pub request: &'a Request,
    /// The id drawn for this sending.
    pub id: SessionId,
    /// When this sending began.
    pub now: Instant,
    /// Until when it answers.
    pub deadline: Deadline,
    /// The status of a success, which a repeated answer has too.
    pub status: u16,
}

/// When the first sending of a request began, which may be this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct First {
    /// By the clock of the machine it came to.
    pub since: Instant,
    /// Whether that was an earlier one, which did not answer.
    pub resumed: bool,
}

impl First {
    /// When the first sending began, where that was an earlier one.
    pub fn resumed(self) -> Option<Instant> {
        self.resumed.then_some(self.since)
    }
}

impl Once<'_> {
    /// The answer `act` gives with the id and the time of the first sending, or the one it gave before. Without a key
    /// every sending is the first.
    ///
    /// # Errors
    /// Those of the store, those of `act`, which are not remembered, and [`Refused`].
    pub async fn answer<E: From<Refused> + From<store::Error>>(
        &self,
        app: &App,
        act: impl AsyncFnOnce(SessionId, First) -> Result<Reply, E>,
    ) -> Result<Reply, E> {
        let ours = First {
            since: self.now,
            resumed: false,
        };
        let Some(key) = key(self.request)? else {
            return act(self.id, ours).await;
        };
        let (scope, body) = (self.scope(key), Sha256::digest(&self.request.body).into());
        let sending = store::Request {
            tenant: &self.caller.tenant.id,
            scope: &scope,
            body: &body,
            id: self.id,
            now: self.now,
            // Nobody answers after the deadline, so the next sending may go on then.
            lease: self.deadline.at(),
        };
        let store = app.sessions.store();
        let (id, first) = match store.begin(&sending).await? {
            Begun::First => (self.id, ours),
            Begun::Resumed { id, since } => (id, First { since, resumed: true }),
            Begun::Answered(answer) => return Ok(Reply::json_text(answer).with_status(self.status)),
            Begun::Running => {
                // The lease of the other sending is at most as long as ours.
                let left = self.deadline.left(self.now).as_secs() + 1;
                let retry_after = u32::try_from(left).unwrap_or(u32::MAX);
                return Err(Refused::StillRunning { retry_after }.into());
            }
            Begun::OtherBody => return Err(Refused::OtherBody.into()),
        };
        match act(id, first).await {
            Ok(reply) => {
                store.finish(&sending, &reply.body).await?;
                Ok(reply)
            }
            Err(error) => {
                // The next sending need not wait for the lease; if this fails it does.
                let _ = store.release(&sending).await;
                Err(error)
            }
        }
    }

    fn scope(&self, key: &str) -> [u8; 32] {
        let subject = self
            .caller
            .subject()
            .map(|subject| subject.key(&self.caller.tenant.id));
        let credential = self.caller.credential_id();
        let parts: [&str; 6] = [
            &credential,
            subject.as_ref().map_or("", |it| it.as_str()),
            &self.request.method,
            &self.request.path,
            &self.request.query,
            key,
        ];
        let digest = parts.iter().fold(Sha256::new(), |digest, part| {
            digest
                .chain_update((part.len() as u64).to_be_bytes())
                .chain_update(part)
        });
        digest.finalize().into()
    }
}

/// The request's key, if it has one: 1 to 64 visible ASCII characters.
fn key(request: &Request) -> Result<Option<&str>, Refused> {
    let Some(key) = request.headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = key.to_str().map_err(|_| Refused::NoKey)?;
    let valid = (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|c| c.is_ascii_graphic());
    if valid { Ok(Some(key)) } else { Err(Refused::NoKey) }
}
