//! The clients of a tenant.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};

use super::attributes::{
    ACCOUNT, ACTIVITY, ALIAS, CLIENT_KIND, CONTROLS, CREATED_AT, PARTITION_KEY, REFERENCE_ID, SCHEMA, TAGS,
    TTL, UPDATED_AT, names,
};
use super::item::{Item, Reader, SCHEMA_VERSION, number, text, time};
use super::keys::Key;
use super::{Error, Store, Write};
use crate::model::{AccountStatus, ActivityStatus, Client, ClientId, ClientKind, Instant, TenantId};

/// What became of writing a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutClient {
    /// It is written.
    Done,
    /// It is not what was expected; this stands there.
    Stands(Box<Client>),
    /// It is gone.
    Gone,
}

impl Client {
    fn read(item: &Item) -> Result<Self, Error> {
        let reader = Reader::open(item)?;
        let id = item
            .get(PARTITION_KEY)
            .and_then(|it| it.as_s().ok())
            .and_then(|pk| pk.split_once("#C#"))
            .and_then(|(_, id)| id.parse().ok())
            .ok_or_else(|| reader.corrupt("not a client's key"))?;
        let owned = |name| reader.opt_text(name).map(|it| it.map(str::to_owned));
        let labels = |name| {
            let texts = reader.texts(name)?;
            Ok::<_, Error>(texts.into_iter().map(str::to_owned).collect())
        };
        let kind = reader.opt_text(CLIENT_KIND)?;
        let activity = reader.text(ACTIVITY)?;
        let account = reader.text(ACCOUNT)?;
        let unknown = || reader.corrupt("not one of the known values");
        Ok(Self {
            id,
            kind: kind
                .map(|name| ClientKind::ALL.into_iter().find(|it| it.as_str() == name))
                .map(|kind| kind.ok_or_else(unknown))
                .transpose()?,
            reference_id: owned(REFERENCE_ID)?,
            alias: owned(ALIAS)?,
            activity: ActivityStatus::ALL
                .into_iter()
                .find(|it| it.as_str() == activity)
                .ok_or_else(unknown)?,
            account: AccountStatus::ALL
                .into_iter()
                .find(|it| it.as_str() == account)
                .ok_or_else(unknown)?,
            tags: labels(TAGS)?,
            controls: labels(CONTROLS)?,
            created_at: reader.time(CREATED_AT)?,
            updated_at: reader.time(UPDATED_AT)?,
        })
    }

    fn item(&self, tenant: &TenantId, kept_until: Option<Instant>) -> Item {
        let labels = |labels: &[String]| {
            (!labels.is_empty()).then(|| AttributeValue::L(labels.iter().map(text).collect()))
        };
        let attributes = [
            (SCHEMA, Some(number(SCHEMA_VERSION))),
            (CLIENT_KIND, self.kind.map(|kind| text(kind.as_str()))),
            (REFERENCE_ID, self.reference_id.as_ref().map(text)),
            (ALIAS, self.alias.as_ref().map(text)),
            (ACTIVITY, Some(text(self.activity.as_str()))),
            (ACCOUNT, Some(text(self.account.as_str()))),
            (TAGS, labels(&self.tags)),
            (CONTROLS, labels(&self.controls)),
            (CREATED_AT, Some(time(self.created_at))),
            (UPDATED_AT, Some(time(self.updated_at))),
            (TTL, kept_until.map(|at| number(at.secs()))),
        ];
        let mut item = Key::client(tenant, self.id).attributes();
        item.extend(
            attributes
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?))),
        );
        item
    }
}

impl Store {
    /// The client of this id.
    pub async fn client(&self, tenant: &TenantId, id: ClientId) -> Result<Option<Client>, Error> {
        self.get(&Key::client(tenant, id))
            .await?
            .as_ref()
            .map(Client::read)
            .transpose()
    }

    /// Writes a client over the version that was seen, or where there is none; for ever, or until `kept_until`.
    pub async fn put_client(
        &self,
        tenant: &TenantId,
        client: &Client,
        seen: Option<Instant>,
        kept_until: Option<Instant>,
    ) -> Result<PutClient, Error> {
        let condition = match seen {
            None => "attribute_not_exists(#pk)",
            Some(_) => "#updated_at = :seen",
        };
        let written = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(client.item(tenant, kept_until)))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names(condition)))
            .set_expression_attribute_values(seen.map(|seen| [(":seen".to_owned(), time(seen))].into()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let stands = match Write::of(written)? {
            Write::Done(_) => return Ok(PutClient::Done),
            Write::Refused(None) => return Ok(PutClient::Gone),
            Write::Refused(Some(item)) => Client::read(&item)?,
        };
        // Refused because the SDK sent it twice.
        Ok(if stands == *client {
            PutClient::Done
        } else {
            PutClient::Stands(Box::new(stands))
        })
    }
}
