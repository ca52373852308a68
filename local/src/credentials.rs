//! Tenants, issuers and API keys of the local cloud, written through the store as an operator would.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use shared::clock::{Entropy, System};
use shared::model::{ApiKey, Partition, Scope, Scopes, Site, TenantId};
use shared::store::{Credentials, Store};

use crate::Error;
use crate::dynamodb::DynamoDb;
use crate::issuer::Issuer;

/// The tenant everything is done for unless another one is named.
pub const DEFAULT_TENANT: &str = "acme";
/// The user tokens are for unless another one is named.
pub const DEFAULT_SUBJECT: &str = "alice";
/// What an API key may do unless it is said.
pub const DEFAULT_SCOPES: [Scope; 4] = [
    Scope::SessionsRead,
    Scope::SessionsWrite,
    Scope::SessionsAdmin,
    Scope::TelemetryRead,
];

/// What the key of the demo page's backend may do.
pub(crate) const DEMO_SCOPES: [Scope; 2] = [Scope::TelemetryRead, Scope::SessionsWrite];

/// The credentials in `table` of the endpoint.
pub(crate) fn store(dynamodb: &DynamoDb, table: &str) -> Credentials {
    Credentials::new(Store::new(dynamodb.sdk(), table.to_owned()))
}

/// A new API key, `id:secret`.
pub(crate) fn new_api_key() -> Result<String, Error> {
    let mut bytes = [0; 38];
    System
        .fill(&mut bytes)
        .map_err(|_| Error::Credentials("no randomness"))?;
    let (id, secret) = bytes.split_at(6);
    Ok(format!(
        "local-{}:{}",
        crate::ids::hex(id),
        URL_SAFE_NO_PAD.encode(secret)
    ))
}

/// A new access key id of an engine: capital letters and digits, as AWS's own are.
pub(crate) fn new_access_key() -> Result<String, Error> {
    let mut bytes = [0; 16];
    System
        .fill(&mut bytes)
        .map_err(|_| Error::Credentials("no randomness"))?;
    Ok(format!("LOCAL{}", crate::ids::hex(&bytes).to_ascii_uppercase()))
}

/// A new public key of a site.
pub(crate) fn new_site_key() -> String {
    format!("site_{}", crate::ids::hex(&crate::ids::drawn::<12>()))
}

/// New keys of telemetry tokens, as the functions read them.
pub(crate) fn new_token_keys() -> String {
    let key = URL_SAFE_NO_PAD.encode(crate::ids::drawn::<48>());
    format!(r#"{{"kid":"1","key":"{key}"}}"#)
}

/// Makes a site of `tenant` known, with these origins.
pub(crate) async fn provide_site(
    store: &Credentials,
    key: &str,
    tenant: &TenantId,
    origins: Vec<String>,
) -> Result<(), Error> {
    let key = key.parse().map_err(|_| Error::Credentials("no site key"))?;
    let site = Site {
        key,
        tenant: tenant.clone(),
        origins,
        enabled: true,
    };
    store.put_site(&site).await?;
    Ok(())
}

/// Makes `tenant` known, with tokens of the development issuer.
pub(crate) async fn provide_tenant(
    store: &Credentials,
    tenant: &TenantId,
    jwks_url: &str,
) -> Result<(), Error> {
    let partition = partition(tenant).ok_or(Error::Credentials("no partition"))?;
    store.ensure_tenant(tenant, partition).await?;
    store.put_issuer(&Issuer::registration(tenant, jwks_url)).await?;
    Ok(())
}

/// Makes the API key `key`, `id:secret`, known for `tenant`.
pub(crate) async fn provide_api_key(
    store: &Credentials,
    key: &str,
    tenant: &TenantId,
    scopes: Scopes,
) -> Result<(), Error> {
    let (id, secret) = key
        .split_once(':')
        .ok_or(Error::Credentials("an API key is id:secret"))?;
    let key = ApiKey {
        id: id.to_owned(),
        tenant: tenant.clone(),
        secret_digest: Sha256::digest(secret).into(),
        scopes,
        revoked_at: None,
    };
    store.put_api_key(&key).await?;
    Ok(())
}

/// A tenant's number: drawn from its name, so that it is the same at every start.
fn partition(tenant: &TenantId) -> Option<Partition> {
    let digest: [u8; 32] = Sha256::digest(tenant.as_str()).into();
    let [a, b, c, d, ..] = digest;
    // Partitions have 30 bits.
    Partition::new(u32::from_be_bytes([a, b, c, d]) >> 2)
}

/// Scopes as a command line names them, separated by commas or spaces.
pub(crate) fn scopes(text: &str) -> Result<Scopes, String> {
    text.split([',', ' '])
        .filter(|it| !it.is_empty())
        .map(|name| name.parse::<Scope>().map_err(|_| format!("{name} is no scope")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_they_are_spelled() {
        let read = scopes("sessions:read, tenant:admin").unwrap();
        assert_eq!(
            read.iter().collect::<Vec<_>>(),
            [Scope::SessionsRead, Scope::TenantAdmin]
        );
        assert!(scopes("sessions:everything").is_err());
    }

    #[test]
    fn two_api_keys_differ() {
        let (first, second) = (new_api_key().unwrap(), new_api_key().unwrap());
        assert_ne!(first, second);
        assert_eq!(first.matches(':').count(), 1);
    }
}
