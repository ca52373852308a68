//! Tenants, issuers and API keys.

use aws_sdk_dynamodb::Client;

use super::Error;
use crate::model::{ApiKey, Issuer, Tenant, TenantId};
use crate::policy::Policy;

/// The items that say who may ask. Reads are strongly consistent; callers cache them.
#[derive(Debug, Clone)]
pub struct Credentials {
    #[expect(dead_code, reason = "interface first")]
    client: Client,
    #[expect(dead_code, reason = "interface first")]
    table: String,
}

impl Credentials {
    /// Credentials kept in `table`.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// The issuer whose tokens carry this `iss`.
    pub async fn issuer(&self, _iss: &str) -> Result<Option<Issuer>, Error> {
        Ok(None)
    }

    /// The API key of this id.
    pub async fn api_key(&self, _id: &str) -> Result<Option<ApiKey>, Error> {
        Ok(None)
    }

    /// The tenant; settings it does not have are those of `defaults`.
    pub async fn tenant(&self, _id: &TenantId, _defaults: &Policy) -> Result<Option<Tenant>, Error> {
        Ok(None)
    }

    /// Writes an issuer, replacing what it was.
    pub async fn put_issuer(&self, _issuer: &Issuer) -> Result<(), Error> {
        Ok(())
    }

    /// Writes an API key, replacing what it was.
    pub async fn put_api_key(&self, _key: &ApiKey) -> Result<(), Error> {
        Ok(())
    }

    /// Makes a tenant with default settings and this partition, unless it is there.
    pub async fn ensure_tenant(&self, _id: &TenantId, _partition: u32) -> Result<(), Error> {
        Ok(())
    }
}
