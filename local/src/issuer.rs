//! The development issuer: signs users' tokens with a key of its own.

use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use shared::model::{self, Instant, TenantId};

use crate::Error;

/// The audience of every token.
const AUDIENCE: &str = "holdfast";
/// The claim that names the tenant.
const TENANT_CLAIM: &str = "tenant";

/// What a token says.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// The user.
    pub subject: String,
    /// The user's tenant.
    pub tenant: TenantId,
    /// `scope`, when it is not empty.
    pub scope: String,
    /// How long the token is valid.
    pub lifetime: Duration,
    /// Any further claims; they replace those of the same name.
    pub more: Map<String, Value>,
}

/// A key pair and its name.
#[derive(Clone)]
pub(crate) struct Issuer {
    pkcs8: Vec<u8>,
    public: Vec<u8>,
    key_id: String,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Issuer")
    }
}

impl Issuer {
    /// A new private key, as base64url of its PKCS#8 form.
    pub(crate) fn generate() -> Result<String, Error> {
        let pair = Ed25519KeyPair::generate().map_err(|_| Error::Credentials("no key was made"))?;
        let document = pair
            .to_pkcs8v1()
            .map_err(|_| Error::Credentials("no key was made"))?;
        Ok(URL_SAFE_NO_PAD.encode(document.as_ref()))
    }

    /// The issuer with this private key.
    pub(crate) fn of(private_key: &str) -> Result<Self, Error> {
        const UNREADABLE: Error = Error::Credentials("the issuer's private key cannot be read");
        let pkcs8 = URL_SAFE_NO_PAD.decode(private_key).map_err(|_| UNREADABLE)?;
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(|_| UNREADABLE)?;
        let public = pair.public_key().as_ref().to_vec();
        // RFC 7638: the thumbprint names the key.
        let thumbprint = json!({"crv": "Ed25519", "kty": "OKP", "x": URL_SAFE_NO_PAD.encode(&public)});
        let key_id = URL_SAFE_NO_PAD.encode(Sha256::digest(thumbprint.to_string()));
        Ok(Self {
            pkcs8,
            public,
            key_id,
        })
    }

    /// A signed token, issued at `now`.
    ///
    /// Each tenant has an issuer of its own name, so a tenant made later needs no change to an item that running
    /// functions have in their cache.
    pub(crate) fn token(&self, claims: &Claims, now: Instant) -> Result<String, Error> {
        let lifetime = i64::try_from(claims.lifetime.as_secs()).unwrap_or(i64::MAX);
        let mut payload = json!({
            "iss": issuer_name(&claims.tenant),
            "aud": AUDIENCE,
            "sub": claims.subject,
            TENANT_CLAIM: claims.tenant.as_str(),
            "iat": now.secs(),
            "exp": now.secs().saturating_add(lifetime),
        });
        if let Value::Object(payload) = &mut payload {
            if !claims.scope.is_empty() {
                payload.insert("scope".to_owned(), claims.scope.as_str().into());
            }
            payload.extend(claims.more.clone());
        }
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        jsonwebtoken::encode(&header, &payload, &EncodingKey::from_ed_der(&self.pkcs8))
            .map_err(|_| Error::Credentials("a token could not be signed"))
    }

    /// Its public key as a JWK Set (RFC 8037).
    pub(crate) fn jwks(&self) -> Value {
        json!({"keys": [{
            "kty": "OKP",
            "crv": "Ed25519",
            "x": URL_SAFE_NO_PAD.encode(&self.public),
            "kid": self.key_id,
            "use": "sig",
            "alg": "EdDSA",
        }]})
    }

    /// What the service has to know to believe its tokens for `tenant`.
    pub(crate) fn registration(tenant: &TenantId, jwks_url: &str) -> model::Issuer {
        model::Issuer {
            issuer: issuer_name(tenant),
            jwks_url: jwks_url.to_owned(),
            audiences: vec![AUDIENCE.to_owned()],
            algorithms: vec![model::Algorithm::EdDsa],
            tenants: vec![tenant.clone()],
            tenant_claim: Some(TENANT_CLAIM.to_owned()),
            namespaced: false,
        }
    }
}

fn issuer_name(tenant: &TenantId) -> String {
    format!("https://issuer.local.example.com/{tenant}")
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation, decode, jwk::JwkSet};

    use super::*;

    #[test]
    fn a_token_is_verified_with_the_published_key() {
        let issuer = Issuer::of(&Issuer::generate().unwrap()).unwrap();
        let claims = Claims {
            subject: "alice".to_owned(),
            tenant: "acme".parse().unwrap(),
            scope: "read".to_owned(),
            lifetime: Duration::from_mins(1),
            more: Map::from_iter([("sid".to_owned(), json!("s-1"))]),
        };
        let token = issuer.token(&claims, Instant::from_secs(1_000)).unwrap();

        let keys: JwkSet = serde_json::from_value(issuer.jwks()).unwrap();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.validate_exp = false;
        let key = DecodingKey::from_jwk(&keys.keys[0]).unwrap();
        let read = decode::<Value>(&token, &key, &validation).unwrap();
        assert_eq!(read.header.kid, keys.keys[0].common.key_id);
        assert_eq!(
            read.claims,
            json!({
                "iss": "https://issuer.local.example.com/acme", "aud": "holdfast", "sub": "alice",
                "tenant": "acme", "iat": 1000, "exp": 1060, "scope": "read", "sid": "s-1",
            })
        );
    }
}
