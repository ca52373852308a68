//! The clients a tenant tells us of.

use std::time::Duration;

use super::Sessions;
use crate::model::{AccountStatus, ActivityStatus, Client, ClientId, ClientKind, Instant, Subject, TenantId};
use crate::store::{Error, PutClient};

/// A client to be stored. What is left out stays as it is, or becomes the default.
#[derive(Debug, Clone)]
pub struct StoreClient<'a> {
    /// The tenant's name for it; its id follows from it.
    pub name: Option<&'a Subject>,
    /// The id it gets without a name.
    pub drawn: ClientId,
    /// What it is.
    pub kind: ClientKind,
    /// A nickname.
    pub alias: Option<&'a str>,
    /// Whether it is active.
    pub activity: Option<ActivityStatus>,
    /// How its account stands.
    pub account: Option<AccountStatus>,
    /// The tenant's labels.
    pub tags: Option<&'a [String]>,
    /// The tenant's control measures.
    pub controls: Option<&'a [String]>,
    /// Whether one that is stored already is changed.
    pub upsert: bool,
    /// When it was told of first; a request that is sent again says the same.
    pub now: Instant,
    /// Whether an earlier sending of the request was cut short, which may have stored it already.
    pub resumed: bool,
}

/// Least time between two versions, so that no two have the same.
const TICK: Duration = Duration::from_millis(1);
/// How often a write begins anew when others write the same client.
const ROUNDS: usize = 5;

impl Sessions {
    /// Stores a client: one request, two where it is there already. Nothing when it is and must not be changed.
    ///
    /// A client that is only known from its sessions is not there yet.
    pub async fn store_client(
        &self,
        tenant: &TenantId,
        told: &StoreClient<'_>,
    ) -> Result<Option<Client>, Error> {
        let id = told.name.map_or(told.drawn, |name| name.client_id(tenant));
        let mut seen: Option<Client> = None;
        for _ in 0..ROUNDS {
            let next = told.over(id, seen.as_ref());
            let version = seen.as_ref().map(|it| it.updated_at);
            match self.store.put_client(tenant, &next, version, None).await? {
                PutClient::Done => return Ok(Some(next)),
                PutClient::Gone => seen = None,
                PutClient::Stands(client) => {
                    if told.resumed && told.stands_as(&client) {
                        return Ok(Some(*client));
                    }
                    let free = client.kind.is_none() || (told.upsert && client.kind == Some(told.kind));
                    if !free {
                        return Ok(None);
                    }
                    seen = Some(*client);
                }
            }
        }
        Err(Error::Contended)
    }

    /// Changes a client: two requests. Nothing when there is none of this kind.
    ///
    /// # Errors
    /// Those of the store, and those of `change`, which is given the client as it is.
    pub async fn change_client<E: From<Error>>(
        &self,
        tenant: &TenantId,
        id: ClientId,
        kind: ClientKind,
        now: Instant,
        change: impl Fn(&mut Client) -> Result<(), E>,
    ) -> Result<Option<Client>, E> {
        for _ in 0..ROUNDS {
            let Some(seen) = self.client(tenant, id, kind).await? else {
                return Ok(None);
            };
            let mut next = seen.clone();
            change(&mut next)?;
            next.kind = Some(kind);
            if next == seen {
                return Ok(Some(seen));
            }
            next.updated_at = now.max(seen.updated_at + TICK);
            let written = self.store.put_client(tenant, &next, Some(seen.updated_at), None);
            if written.await? == PutClient::Done {
                return Ok(Some(next));
            }
        }
        Err(Error::Contended.into())
    }

    /// The client of this id, where it is of this kind or of none yet: one request.
    pub async fn client(
        &self,
        tenant: &TenantId,
        id: ClientId,
        kind: ClientKind,
    ) -> Result<Option<Client>, Error> {
        let client = self.store.client(tenant, id).await?;
        Ok(client.filter(|it| it.kind.is_none_or(|its| its == kind)))
    }
}

impl StoreClient<'_> {
    /// Whether the client was stored as told, since it was told of first.
    fn stands_as(&self, client: &Client) -> bool {
        let updated_at = client.updated_at;
        let again = Client {
            updated_at,
            ..self.over(client.id, Some(client))
        };
        self.now <= updated_at && again == *client
    }

    /// The client as told, over what stands there.
    fn over(&self, id: ClientId, seen: Option<&Client>) -> Client {
        let labels = |told: Option<&[String]>, seen: Option<&Vec<String>>| {
            told.map(<[String]>::to_vec).or(seen.cloned()).unwrap_or_default()
        };
        Client {
            id,
            kind: Some(self.kind),
            reference_id: self
                .name
                .map(|name| name.name().to_owned())
                .or(seen.and_then(|it| it.reference_id.clone())),
            alias: self
                .alias
                .map(str::to_owned)
                .or(seen.and_then(|it| it.alias.clone())),
            activity: self.activity.or(seen.map(|it| it.activity)).unwrap_or_default(),
            account: self.account.or(seen.map(|it| it.account)).unwrap_or_default(),
            tags: labels(self.tags, seen.map(|it| &it.tags)),
            controls: labels(self.controls, seen.map(|it| &it.controls)),
            created_at: seen.map_or(self.now, |it| it.created_at),
            updated_at: seen.map_or(self.now, |it| self.now.max(it.updated_at + TICK)),
        }
    }
}
