//! A user's token: a JWT (RFC 7519) judged by the rules of RFC 8725.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::jwks::Key;
use super::{Refusal, json};
use crate::model::{Algorithm, Instant, Issued, Issuer, Subject, TenantId};

/// How far an issuer's clock may be off.
pub(super) const SKEW: Duration = Issued::SKEW;

/// Longest `iss`, in bytes.
const MAX_ISSUER: usize = 512;
/// Longest `kid` and session id, in bytes.
const MAX_NAME: usize = 255;
/// Bytes of a signature by an RSA key, of 2048 bits or more (RFC 7518, section 3.3).
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=2048;
/// Bytes of a signature on either curve.
const CURVE_BYTES: usize = 64;
/// Latest time a claim can name: the end of the year 9999.
const MAX_SECS: f64 = 253_402_300_799.0;

/// Header members that would let a token bring its own key, or change what is signed or how it is read. A token with
/// one of them is refused, even where the member is harmless: this service needs none of them.
const REFUSED_MEMBERS: [&str; 9] = ["jku", "x5u", "jwk", "x5c", "crit", "b64", "enc", "zip", "cty"];

/// A token that was read and says who issued it. Nothing in it is true yet.
pub(super) struct Unverified<'t> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
    pub(super) issuer: String,
    claims: Map<String, Value>,
    signed: &'t str,
    signature: &'t str,
}

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verified {
    pub(super) tenant: TenantId,
    pub(super) subject: Subject,
    pub(super) sessions: Vec<String>,
    pub(super) issued_at: Instant,
}

impl<'t> Unverified<'t> {
    /// Reads a token of three parts.
    pub(super) fn read(token: &'t str) -> Result<Self, Refusal> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal("token has no parts"))?;
        let (header, claims) = signed.split_once('.').ok_or(Refusal("token has two parts"))?;
        let header = part(header).ok_or(Refusal("token header is not a plain object"))?;
        let (algorithm, key_id) = read_header(&header)?;
        let claims = part(claims).ok_or(Refusal("token claims are not a plain object"))?;
        let issuer = text(&claims, "iss")?;
        if issuer.is_empty() || MAX_ISSUER < issuer.len() || issuer.chars().any(char::is_control) {
            return Err(Refusal("token issuer is no name"));
        }
        Ok(Self {
            algorithm,
            key_id,
            issuer: issuer.to_owned(),
            claims,
            signed,
            signature,
        })
    }

    /// Judges what can be judged without its issuer, so that junk asks for none: times, that there is what every token
    /// has, and the form of the signature.
    pub(super) fn judge_form(&self, now: Instant) -> Result<(), Refusal> {
        times(&self.claims, now)?;
        text(&self.claims, "sub")?;
        if !self.claims.contains_key("aud") {
            return Err(Refusal("token is for no audience"));
        }
        let bytes = URL_SAFE_NO_PAD.decode(self.signature).unwrap_or_default().len();
        let possible = match self.algorithm {
            Algorithm::Rs256 => RSA_BYTES.contains(&bytes),
            Algorithm::Es256 | Algorithm::EdDsa => bytes == CURVE_BYTES,
        };
        if possible {
            Ok(())
        } else {
            Err(Refusal("token signature has no possible form"))
        }
    }

    /// Judges the token: signature first, then every claim.
    pub(super) fn verify(&self, issuer: &Issuer, key: &Key, now: Instant) -> Result<Verified, Refusal> {
        let ours = issuer.issuer == self.issuer && issuer.algorithms.contains(&self.algorithm);
        if !ours || key.algorithm != self.algorithm {
            return Err(Refusal("token algorithm is not the issuer's"));
        }
        let algorithm = match self.algorithm {
            Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
            Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        };
        let signed = self.signed.as_bytes();
        match jsonwebtoken::crypto::verify(self.signature, signed, &key.public, algorithm) {
            Ok(true) => judge(&self.claims, issuer, now),
            Ok(false) | Err(_) => Err(Refusal("token signature is wrong")),
        }
    }
}

/// Judges the claims of a token whose signature was verified with a key of `issuer`.
fn judge(claims: &Map<String, Value>, issuer: &Issuer, now: Instant) -> Result<Verified, Refusal> {
    let issued_at = times(claims, now)?;
    if !names_audience(claims.get("aud"), &issuer.audiences) {
        return Err(Refusal("token is for another audience"));
    }
    Ok(Verified {
        tenant: tenant(claims, issuer)?,
        subject: subject(claims, issuer)?,
        sessions: sessions(claims)?,
        issued_at,
    })
}

/// When the token was made, if this is a time for it.
fn times(claims: &Map<String, Value>, now: Instant) -> Result<Instant, Refusal> {
    let expires_at = time(claims, "exp")?.ok_or(Refusal("token has no exp"))?;
    let issued_at = time(claims, "iat")?.ok_or(Refusal("token has no iat"))?;
    let not_before = time(claims, "nbf")?;
    if expires_at + SKEW <= now {
        return Err(Refusal("token is expired"));
    }
    if now + SKEW < issued_at || not_before.is_some_and(|it| now + SKEW < it) {
        return Err(Refusal("token is from the future"));
    }
    Ok(issued_at)
}

fn part(text: &str) -> Option<Map<String, Value>> {
    json::object(&URL_SAFE_NO_PAD.decode(text).ok()?)
}

fn read_header(header: &Map<String, Value>) -> Result<(Algorithm, Option<String>), Refusal> {
    if REFUSED_MEMBERS.iter().any(|name| header.contains_key(*name)) {
        return Err(Refusal("token header has a member that is not accepted"));
    }
    if !header.get("typ").is_none_or(is_known_type) {
        return Err(Refusal("token is of another type"));
    }
    let algorithm = text(header, "alg")?
        .parse()
        .map_err(|_| Refusal("token algorithm is not accepted"))?;
    let key_id = match header.get("kid") {
        None => None,
        Some(Value::String(id)) if is_name(id) => Some(id.clone()),
        Some(_) => return Err(Refusal("token key id is no name")),
    };
    Ok((algorithm, key_id))
}

/// A media type, of which `application/` may be left out (RFC 7515, section 4.1.9), in any case.
fn is_known_type(typ: &Value) -> bool {
    let name = typ.as_str().map(str::to_ascii_lowercase).unwrap_or_default();
    let name = name.strip_prefix("application/").unwrap_or(&name);
    ["jwt", "at+jwt"].contains(&name)
}

fn names_audience(aud: Option<&Value>, accepted: &[String]) -> bool {
    let ours = |it: &Value| {
        it.as_str()
            .is_some_and(|name| accepted.iter().any(|ours| ours == name))
    };
    match aud {
        Some(Value::Array(names)) => names.iter().all(Value::is_string) && names.iter().any(ours),
        Some(name) => ours(name),
        None => false,
    }
}

fn tenant(claims: &Map<String, Value>, issuer: &Issuer) -> Result<TenantId, Refusal> {
    let elsewhere = Refusal("token is for a tenant its issuer does not speak for");
    let Some(claim) = &issuer.tenant_claim else {
        return match issuer.tenants.as_slice() {
            [only] => Ok(only.clone()),
            _ => Err(Refusal("issuer of several tenants has no tenant claim")),
        };
    };
    let named: TenantId = text(claims, claim)?.parse().map_err(|_| elsewhere)?;
    issuer.tenants.contains(&named).then_some(named).ok_or(elsewhere)
}

fn subject(claims: &Map<String, Value>, issuer: &Issuer) -> Result<Subject, Refusal> {
    let name = text(claims, "sub")?;
    let subject = if issuer.namespaced {
        Subject::of_issuer(&issuer.issuer, name)
    } else {
        Subject::new(name)
    };
    subject.map_err(|_| Refusal("token subject is no name"))
}

/// Both claims, the better one first: issuers put session ids of their own into either.
fn sessions(claims: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let mut named = Vec::new();
    for claim in ["session_id", "sid"] {
        match claims.get(claim) {
            None | Some(Value::Null) => {}
            Some(Value::String(id)) if is_name(id) => named.push(id.clone()),
            Some(_) => return Err(Refusal("token session id is no name")),
        }
    }
    Ok(named)
}

fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn text<'m>(members: &'m Map<String, Value>, name: &str) -> Result<&'m str, Refusal> {
    members
        .get(name)
        .and_then(Value::as_str)
        .ok_or(Refusal("token lacks a text it has to have"))
}

/// A `NumericDate`: seconds since the epoch, which may have a fraction (RFC 7519, section 2).
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<Instant>, Refusal> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let no_time = Refusal("token has a time that is none");
    let secs = value
        .as_f64()
        .filter(|it| (0.0..=MAX_SECS).contains(it))
        .ok_or(no_time)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "0 to 2^48, and the fraction of a millisecond is dropped"
    )]
    let millis = (secs * 1000.0) as i64;
    Ok(Some(Instant::from_millis(millis)))
}
