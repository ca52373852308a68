//! Tenants, issuers and API keys.

use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::{
    ABSOLUTE_TIMEOUT, ALGORITHMS, ALLOW, AT_LIMIT, AUDIENCES, DENY, ENABLED, EVIDENCE, ISSUER, JWKS_URL,
    KEY_REQUIRED, KNOWN_CLIENTS_ONLY, MAX_CONCURRENT, NAMESPACED, ORIGINS, PARTITION, PARTITION_KEY,
    REVOKED_AT, RISK_MODE, RISK_STOLEN, RISK_SUSPICIOUS, SCHEMA, SCOPES, SECRET_DIGEST, SINGLE_USE,
    TELEMETRY_DAYS, TENANT, TENANT_CLAIM, TENANTS, TOKEN_MINUTES, TRUST_USER_CONTEXT, names,
};
use super::item::{Item, Reader, SCHEMA_VERSION, bytes, number, text, time};
use super::keys::Key;
use super::{Error, Store, Write};
use crate::model::{ApiKey, Issuer, Partition, Site, SiteKey, TenantId};
use crate::policy::{EvidencePolicy, Lists, Policy, RiskPolicy, TelemetryPolicy, Tenant};

/// The items that say who may ask. Reads are strongly consistent; callers cache them.
#[derive(Debug, Clone)]
pub struct Credentials {
    store: Store,
}

impl Credentials {
    /// Credentials kept in the store's table.
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// The issuer whose tokens carry this `iss`.
    pub async fn issuer(&self, iss: &str) -> Result<Option<Issuer>, Error> {
        let Some(item) = self.store.get(&Key::issuer(iss)).await? else {
            return Ok(None);
        };
        let reader = Reader::open(&item)?;
        Ok(Some(Issuer {
            issuer: reader.text(ISSUER)?.to_owned(),
            jwks_url: reader.text(JWKS_URL)?.to_owned(),
            audiences: reader.texts(AUDIENCES)?.into_iter().map(str::to_owned).collect(),
            algorithms: parsed(&reader, ALGORITHMS)?,
            tenants: parsed(&reader, TENANTS)?,
            tenant_claim: reader.opt_text(TENANT_CLAIM)?.map(str::to_owned),
            namespaced: reader.opt_flag(NAMESPACED)?.unwrap_or(false),
        }))
    }

    /// The API key of this id.
    pub async fn api_key(&self, id: &str) -> Result<Option<ApiKey>, Error> {
        let Some(item) = self.store.get(&Key::api_key(id)).await? else {
            return Ok(None);
        };
        let reader = Reader::open(&item)?;
        Ok(Some(ApiKey {
            id: id.to_owned(),
            tenant: reader
                .text(TENANT)?
                .parse()
                .map_err(|_| reader.corrupt("not a tenant"))?,
            secret_digest: reader.bytes(SECRET_DIGEST)?,
            scopes: parsed(&reader, SCOPES)?.into_iter().collect(),
            revoked_at: reader.opt_time(REVOKED_AT)?,
        }))
    }

    /// The tenant; settings it does not have are those of `defaults`.
    pub async fn tenant(&self, id: &TenantId, defaults: &Policy) -> Result<Option<Tenant>, Error> {
        let Some(item) = self.store.get(&Key::tenant(id)).await? else {
            return Ok(None);
        };
        let reader = Reader::open(&item)?;
        let partition = Partition::new(reader.number(PARTITION)?);
        Ok(Some(Tenant {
            id: id.clone(),
            partition: partition.ok_or_else(|| reader.corrupt("not a partition"))?,
            policy: policy(&reader, defaults)?,
        }))
    }

    /// The site of this key.
    pub async fn site(&self, key: &SiteKey) -> Result<Option<Site>, Error> {
        let Some(item) = self.store.get(&Key::site(key)).await? else {
            return Ok(None);
        };
        let reader = Reader::open(&item)?;
        Ok(Some(Site {
            key: key.clone(),
            tenant: reader
                .text(TENANT)?
                .parse()
                .map_err(|_| reader.corrupt("not a tenant"))?,
            origins: reader.texts(ORIGINS)?.into_iter().map(str::to_owned).collect(),
            enabled: reader.opt_flag(ENABLED)?.unwrap_or(true),
        }))
    }

    /// Writes a site, replacing what it was.
    pub async fn put_site(&self, site: &Site) -> Result<(), Error> {
        let origins = site.origins.iter().map(text).collect();
        let mut item = Key::site(&site.key).attributes();
        let mut put = |name: &str, value| item.insert(name.to_owned(), value);
        put(SCHEMA, number(SCHEMA_VERSION));
        put(TENANT, text(site.tenant.as_str()));
        put(ORIGINS, AttributeValue::L(origins));
        put(ENABLED, AttributeValue::Bool(site.enabled));
        self.put(item, None).await
    }

    /// Writes an issuer, replacing what it was.
    pub async fn put_issuer(&self, issuer: &Issuer) -> Result<(), Error> {
        let list = |values: &mut dyn Iterator<Item = &str>| AttributeValue::L(values.map(text).collect());
        let mut item = Key::issuer(&issuer.issuer).attributes();
        let mut put = |name: &str, value| item.insert(name.to_owned(), value);
        put(SCHEMA, number(SCHEMA_VERSION));
        put(ISSUER, text(&issuer.issuer));
        put(JWKS_URL, text(&issuer.jwks_url));
        put(AUDIENCES, list(&mut issuer.audiences.iter().map(String::as_str)));
        put(
            ALGORITHMS,
            list(&mut issuer.algorithms.iter().map(|it| it.as_str())),
        );
        put(TENANTS, list(&mut issuer.tenants.iter().map(TenantId::as_str)));
        put(NAMESPACED, AttributeValue::Bool(issuer.namespaced));
        if let Some(claim) = &issuer.tenant_claim {
            put(TENANT_CLAIM, text(claim));
        }
        self.put(item, None).await
    }

    /// Writes an API key, replacing what it was.
    pub async fn put_api_key(&self, key: &ApiKey) -> Result<(), Error> {
        let scopes = key.scopes.iter().map(|scope| text(scope.as_str())).collect();
        let mut item = Key::api_key(&key.id).attributes();
        let mut put = |name: &str, value| item.insert(name.to_owned(), value);
        put(SCHEMA, number(SCHEMA_VERSION));
        put(TENANT, text(key.tenant.as_str()));
        put(SECRET_DIGEST, bytes(&key.secret_digest));
        put(SCOPES, AttributeValue::L(scopes));
        if let Some(at) = key.revoked_at {
            put(REVOKED_AT, time(at));
        }
        self.put(item, None).await
    }

    /// Makes a tenant with default settings and this partition, unless it is there.
    pub async fn ensure_tenant(&self, id: &TenantId, partition: Partition) -> Result<(), Error> {
        let mut item = Key::tenant(id).attributes();
        item.insert(SCHEMA.to_owned(), number(SCHEMA_VERSION));
        item.insert(PARTITION.to_owned(), number(partition.number()));
        self.put(item, Some("attribute_not_exists(#pk)")).await
    }

    async fn put(&self, item: Item, condition: Option<&str>) -> Result<(), Error> {
        debug_assert!(item.contains_key(PARTITION_KEY));
        let written = self
            .store
            .client
            .put_item()
            .table_name(&self.store.table)
            .set_item(Some(item))
            .set_condition_expression(condition.map(str::to_owned))
            .set_expression_attribute_names(condition.map(names))
            .send()
            .await;
        Write::of(written).map(|_| ())
    }
}

fn parsed<T: FromStr>(reader: &Reader<'_>, name: &str) -> Result<Vec<T>, Error> {
    let parse = |text: &str| {
        text.parse()
            .map_err(|_| reader.corrupt("not one of the known values"))
    };
    reader.texts(name)?.into_iter().map(parse).collect()
}

fn policy(reader: &Reader<'_>, defaults: &Policy) -> Result<Policy, Error> {
    fn choice<T: FromStr>(reader: &Reader<'_>, name: &str, default: T) -> Result<T, Error> {
        match reader.opt_text(name)? {
            Some(text) => text.parse().map_err(|_| reader.corrupt("not one of the choices")),
            None => Ok(default),
        }
    }
    let max_concurrent = reader
        .opt_number(MAX_CONCURRENT)?
        .unwrap_or(defaults.max_concurrent);
    Ok(Policy {
        max_concurrent: max_concurrent.clamp(1, Policy::MOST_CONCURRENT),
        at_limit: choice(reader, AT_LIMIT, defaults.at_limit)?,
        absolute_timeout: choice(reader, ABSOLUTE_TIMEOUT, defaults.absolute_timeout)?,
        risk: RiskPolicy {
            mode: choice(reader, RISK_MODE, defaults.risk.mode)?,
            suspicious: reader
                .opt_number(RISK_SUSPICIOUS)?
                .unwrap_or(defaults.risk.suspicious),
            stolen: reader.opt_number(RISK_STOLEN)?.unwrap_or(defaults.risk.stolen),
        },
        lists: Lists {
            deny: parsed(reader, DENY)?,
            allow: parsed(reader, ALLOW)?,
        },
        trust_user_context: reader
            .opt_flag(TRUST_USER_CONTEXT)?
            .unwrap_or(defaults.trust_user_context),
        allowed_origins: if reader.has(ORIGINS) {
            parsed(reader, ORIGINS)?.into_iter().collect()
        } else {
            defaults.allowed_origins.clone()
        },
        known_clients_only: reader
            .opt_flag(KNOWN_CLIENTS_ONLY)?
            .unwrap_or(defaults.known_clients_only),
        telemetry: TelemetryPolicy {
            token_lifetime: reader
                .opt_number(TOKEN_MINUTES)?
                .map_or(defaults.telemetry.token_lifetime, TelemetryPolicy::minutes),
            kept: reader
                .opt_number(TELEMETRY_DAYS)?
                .map_or(defaults.telemetry.kept, TelemetryPolicy::days),
            key_required: reader
                .opt_flag(KEY_REQUIRED)?
                .unwrap_or(defaults.telemetry.key_required),
            single_use: reader
                .opt_flag(SINGLE_USE)?
                .unwrap_or(defaults.telemetry.single_use),
        },
        evidence: if reader.has(EVIDENCE) {
            EvidencePolicy::of(&parsed(reader, EVIDENCE)?)
        } else {
            defaults.evidence
        },
    })
}
