//! `Idempotency-Key`: a request sent twice opens one session and gets one answer.

use sha2::{Digest, Sha256};
use shared::auth::Caller;
use shared::face::bitcain::{CreateReply, Error, Problem};
use shared::model::{Instant, SessionId};
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline};
use shared::store::{self, Begun};

/// The header's name.
const HEADER: &str = "Idempotency-Key";
/// Longest key, in characters.
const LONGEST_KEY: usize = 64;

/// The request's key, if it has one: 1 to 64 visible ASCII characters.
///
/// # Errors
/// 422 for another text.
pub(crate) fn key(request: &Request) -> Result<Option<&str>, Error> {
    let Some(key) = request.header("idempotency-key") else {
        return Ok(None);
    };
    let valid = (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|c| c.is_ascii_graphic());
    if valid {
        Ok(Some(key))
    } else {
        Err(Problem::header(HEADER, "must be 1 to 64 visible ASCII characters").into())
    }
}

/// One sending of a request that may be sent again.
pub(crate) struct Once<'a> {
    pub(crate) app: &'a App,
    pub(crate) caller: &'a Caller,
    pub(crate) request: &'a Request,
    pub(crate) key: &'a str,
    pub(crate) id: SessionId,
    pub(crate) now: Instant,
    pub(crate) deadline: Deadline,
}

impl Once<'_> {
    /// The stored answer, or the one `open` gives with the id and the time of the first sending.
    pub(crate) async fn answer(
        &self,
        open: impl AsyncFnOnce(SessionId, Instant) -> Result<CreateReply, Error>,
    ) -> Result<Reply, Error> {
        let (scope, body) = (self.scope()?, Sha256::digest(&self.request.body).into());
        let sending = store::Request {
            tenant: &self.caller.tenant.id,
            scope: &scope,
            body: &body,
            id: self.id,
            now: self.now,
            // Nobody answers after the deadline, so the next sending may go on then.
            lease: self.deadline.at(),
        };
        let store = self.app.sessions.store();
        let (id, since) = match store.begin(&sending).await? {
            Begun::First => (self.id, self.now),
            Begun::Resumed { id, since } => (id, since),
            Begun::Answered(answer) => return Ok(Reply::json_text(answer)),
            Begun::Running => {
                // The lease of the other sending is at most as long as ours.
                let left = self.deadline.left(self.now).as_secs() + 1;
                return Err(Error::StillRunning {
                    retry_after: u32::try_from(left).unwrap_or(u32::MAX),
                });
            }
            Begun::OtherBody => {
                return Err(Problem::header(HEADER, "was used with another request body").into());
            }
        };
        match open(id, since).await {
            Ok(reply) => {
                let reply = Reply::json(&reply);
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

    /// A key means nothing outside its credential, subject, method and route.
    fn scope(&self) -> Result<[u8; 32], Error> {
        let subject = self.caller.require_subject()?.key(&self.caller.tenant.id);
        let credential = self.caller.credential_id();
        let parts = [
            &credential,
            subject.as_str(),
            &self.request.method,
            &self.request.path,
            self.key,
        ];
        let digest = parts.iter().fold(Sha256::new(), |digest, part| {
            digest
                .chain_update((part.len() as u64).to_be_bytes())
                .chain_update(part)
        });
        Ok(digest.finalize().into())
    }
}
