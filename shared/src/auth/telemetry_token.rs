//! The token a page gets for its telemetry: a JWS (RFC 7515) with HS256 that leads to what was told, and holds none of it.
//!
//! It works by possession alone, so it carries 256 random bits (`jti`) and is stored by their digest. The code is checked,
//! in constant time, before anything is looked up.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clock::{Entropy, EntropyError};
use crate::model::{Instant, TenantId};

/// Shortest key, characters: what 32 random bytes are in base64url.
const MIN_KEY: usize = 43;
/// Fewest different characters of a key. 43 random ones of 62 have more but for one draw of many billions.
const MIN_DIFFERENT: usize = 16;
/// Longest token that can be ours, bytes.
const MAX_TOKEN: usize = 1024;
/// Bytes of a `jti`.
const SECRET_BYTES: usize = 32;
/// Bytes of the code of HMAC with SHA-256.
const CODE_BYTES: usize = 32;

/// The keys tokens are signed with and checked by. Debug prints no key.
pub struct Keyring {
    /// The first one signs.
    keys: Vec<Key>,
}

struct Key {
    /// The encoded header of every token of this key.
    header: String,
    code: hmac::Key,
}

/// Keys that are missing, malformed, or not random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the keys of telemetry tokens {0}")]
pub struct BadKeys(&'static str);

/// A token that was just made.
pub struct Issued {
    /// What the page gets.
    pub token: String,
    /// What its telemetry is kept under.
    pub digest: [u8; 32],
}

/// What a good token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose telemetry it leads to.
    pub tenant: TenantId,
    /// What the telemetry is kept under.
    pub digest: [u8; 32],
}

/// Why a text is no token that counts. All of them get the same answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoToken {
    /// Not in our form.
    Malformed,
    /// Of a key that is not known (any more, or yet), or of another kind altogether.
    UnknownKey,
    /// The code is wrong.
    Forged,
    /// Its time has passed.
    Expired,
}

/// Keys as they are stored.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    kid: String,
    key: String,
    #[serde(default)]
    earlier: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    jti: String,
    tenant: String,
    iat: i64,
    exp: i64,
}

impl Keyring {
    /// Reads `{"kid": "2", "key": "...", "earlier": {"1": "..."}}`: tokens are signed with `key` and checked by it or by
    /// one of `earlier`.
    ///
    /// # Errors
    /// When a key is too short, or not random by its looks: a default is no key.
    pub fn read(json: &str) -> Result<Self, BadKeys> {
        let stored: Stored = serde_json::from_str(json)
            .map_err(|_| BadKeys("are not JSON with kid, key and, if at all, earlier"))?;
        let all = std::iter::once((stored.kid, stored.key)).chain(stored.earlier);
        let keys = all.map(|(id, key)| Key::new(&id, &key));
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
        })
    }

    /// Makes a token that can be exchanged for `lifetime`.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn issue(
        &self,
        tenant: &TenantId,
        lifetime: Duration,
        now: Instant,
        entropy: &dyn Entropy,
    ) -> Result<Issued, EntropyError> {
        let mut secret = [0; SECRET_BYTES];
        entropy.fill(&mut secret)?;
        let claims = Claims {
            jti: URL_SAFE_NO_PAD.encode(secret),
            tenant: tenant.to_string(),
            iat: now.secs(),
            exp: (now + lifetime).secs(),
        };
        // Printing texts and numbers into memory has no way to fail.
        let claims = serde_json::to_string(&claims).unwrap_or_default();
        let signed = self.keys.first().map(|key| key.sign(&claims)).unwrap_or_default();
        Ok(Issued {
            token: signed,
            digest: Sha256::digest(secret).into(),
        })
    }

    /// What a token says at `now`.
    ///
    /// # Errors
    /// When it says nothing.
    pub fn verify(&self, token: &[u8], now: Instant) -> Result<Claim, NoToken> {
        let text = std::str::from_utf8(token).map_err(|_| NoToken::Malformed)?;
        if MAX_TOKEN < text.len() {
            return Err(NoToken::Malformed);
        }
        let (signed, code) = text.rsplit_once('.').ok_or(NoToken::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(NoToken::Malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| NoToken::Malformed);
        // The header is one of ours to the last byte: no other algorithm, no other kind of token, nothing beside them.
        let key = self.keys.iter().find(|key| key.header == header);
        let key = key.ok_or(NoToken::UnknownKey)?;
        hmac::verify(&key.code, signed.as_bytes(), &decode(code)?).map_err(|_| NoToken::Forged)?;

        let claims: Claims = serde_json::from_slice(&decode(claims)?).map_err(|_| NoToken::Malformed)?;
        if claims.exp <= now.secs() {
            return Err(NoToken::Expired);
        }
        Ok(Claim {
            digest: digest_of(&claims)?,
            tenant: claims.tenant.parse().map_err(|_| NoToken::Malformed)?,
        })
    }
}

/// The digest that a token leads to its telemetry by, without a key to check it with.
///
/// Enough where the digest is then looked up among the caller's own: who does not know 256 random bits that were drawn for
/// a token finds nothing, whoever signed it.
///
/// # Errors
/// When the text has not the form of our tokens.
pub fn lookup_digest(token: &str) -> Result<[u8; 32], NoToken> {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
        typ: String,
    }
    if MAX_TOKEN < token.len() {
        return Err(NoToken::Malformed);
    }
    let parts: Vec<&str> = token.trim().split('.').collect();
    let Ok([header, claims, code]) = <[&str; 3]>::try_from(parts) else {
        return Err(NoToken::Malformed);
    };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| NoToken::Malformed);
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| NoToken::Malformed)?;
    if header.alg != "HS256" || header.typ != "telemetry+jwt" || decode(code)?.len() != CODE_BYTES {
        return Err(NoToken::Malformed);
    }
    let claims: Claims = serde_json::from_slice(&decode(claims)?).map_err(|_| NoToken::Malformed)?;
    digest_of(&claims)
}

fn digest_of(claims: &Claims) -> Result<[u8; 32], NoToken> {
    let secret = URL_SAFE_NO_PAD
        .decode(&claims.jti)
        .map_err(|_| NoToken::Malformed)?;
    if secret.len() != SECRET_BYTES {
        return Err(NoToken::Malformed);
    }
    Ok(Sha256::digest(secret).into())
}

impl Key {
    fn new(id: &str, key: &str) -> Result<Self, BadKeys> {
        let alphabet = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
        if !(1..=32).contains(&id.len()) || !id.bytes().all(alphabet) {
            return Err(BadKeys("have a kid that is not 1 to 32 letters, digits, _ and -"));
        }
        if key.len() < MIN_KEY {
            return Err(BadKeys("have one of fewer than 43 characters"));
        }
        let different: std::collections::HashSet<u8> = key.bytes().collect();
        if different.len() < MIN_DIFFERENT {
            return Err(BadKeys("have one that is not random"));
        }
        // The algorithm first, as the published tokens have it.
        let header = format!(r#"{{"alg":"HS256","kid":"{id}","typ":"telemetry+jwt"}}"#);
        Ok(Self {
            header: URL_SAFE_NO_PAD.encode(header),
            code: hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()),
        })
    }

    fn sign(&self, claims: &str) -> String {
        let signed = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims));
        let code = hmac::sign(&self.code, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(code))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring of {}", self.keys.len())
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issued")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Fixed;

    #[test]
    fn a_token_leads_to_its_telemetry_with_and_without_its_key() {
        let ring = ring(&format!(r#"{{"kid":"1","key":"{ONE}"}}"#));
        let tenant: TenantId = "acme".parse().unwrap();
        let issued = ring
            .issue(&tenant, HALF_AN_HOUR, NOW, &crate::clock::System)
            .unwrap();
        assert_eq!(lookup_digest(&issued.token), Ok(issued.digest));
        assert_eq!(
            ring.verify(issued.token.as_bytes(), NOW).unwrap().digest,
            issued.digest
        );
        let [header, claims, code] = issued.token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for odd in [
            String::new(),
            "..".to_owned(),
            format!("{header}.{claims}"),
            format!("{header}.{claims}."),
            format!("{header}.{claims}.{code}.{code}"),
            format!("{header}.{claims}.{}", encode("short")),
            format!(
                "{}.{claims}.{code}",
                encode(r#"{"alg":"none","typ":"telemetry+jwt"}"#)
            ),
            format!("{}.{claims}.{code}", encode(r#"{"alg":"HS256","typ":"JWT"}"#)),
            format!(
                "{header}.{}.{code}",
                encode(r#"{"jti":"AAAA","tenant":"acme","iat":1,"exp":2}"#)
            ),
            format!("{header}.{}.{code}", encode("{}")),
            "x".repeat(MAX_TOKEN + 1),
        ] {
            assert_eq!(lookup_digest(&odd), Err(NoToken::Malformed), "{odd:.80}");
        }
    }

    const NOW: Instant = Instant::from_secs(1_800_000_000);
    const ONE: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";
    const TWO: &str = "ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210zyxwvut";
    const HALF_AN_HOUR: Duration = Duration::from_secs(1800);

    fn ring(json: &str) -> Keyring {
        Keyring::read(json).unwrap()
    }

    fn first() -> Keyring {
        ring(&format!(r#"{{"kid":"1","key":"{ONE}"}}"#))
    }

    fn issue(ring: &Keyring) -> Issued {
        let tenant = "acme".parse().unwrap();
        ring.issue(&tenant, HALF_AN_HOUR, NOW, &Fixed::at(NOW)).unwrap()
    }

    fn sign(header: &str, claims: &str, key: &str) -> String {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let code = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()),
            signed.as_bytes(),
        );
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(code))
    }

    #[test]
    fn a_token_leads_to_its_telemetry_and_holds_none_of_it() {
        let issued = issue(&first());
        assert!(
            issued.token.starts_with("eyJhbGciOiJIUzI1NiIs"),
            "as the published ones"
        );
        let claim = first().verify(issued.token.as_bytes(), NOW).unwrap();
        assert_eq!((claim.tenant.as_str(), claim.digest), ("acme", issued.digest));
        let claims = URL_SAFE_NO_PAD
            .decode(issued.token.split('.').nth(1).unwrap())
            .unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        let names: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["jti", "tenant", "iat", "exp"]);
        let secret = URL_SAFE_NO_PAD.decode(claims["jti"].as_str().unwrap()).unwrap();
        assert_eq!(secret.len(), 32);
    }

    #[test]
    fn any_verifier_of_jws_agrees() {
        let issued = issue(&first());
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
        rules.validate_exp = false;
        let key = jsonwebtoken::DecodingKey::from_secret(ONE.as_bytes());
        assert!(jsonwebtoken::decode::<serde_json::Value>(&issued.token, &key, &rules).is_ok());
    }

    #[test]
    fn a_token_ends_with_its_time() {
        let token = issue(&first()).token;
        let last = NOW + Duration::from_millis(1_799_999);
        assert!(first().verify(token.as_bytes(), last).is_ok());
        let late = first().verify(token.as_bytes(), NOW + HALF_AN_HOUR);
        assert_eq!(late, Err(NoToken::Expired));
    }

    #[test]
    fn keys_are_rotated_by_their_names() {
        let old = issue(&first()).token;
        let both = ring(&format!(
            r#"{{"kid":"2","key":"{TWO}","earlier":{{"1":"{ONE}"}}}}"#
        ));
        assert!(both.verify(old.as_bytes(), NOW).is_ok());
        let new = issue(&both).token;
        assert_eq!(first().verify(new.as_bytes(), NOW), Err(NoToken::UnknownKey));
        let alone = ring(&format!(r#"{{"kid":"2","key":"{TWO}"}}"#));
        assert!(alone.verify(new.as_bytes(), NOW).is_ok());
        assert_eq!(alone.verify(old.as_bytes(), NOW), Err(NoToken::UnknownKey));
        // The name of one key and the code of another.
        let mixed = ring(&format!(r#"{{"kid":"1","key":"{TWO}"}}"#));
        assert_eq!(mixed.verify(old.as_bytes(), NOW), Err(NoToken::Forged));
    }

    #[test]
    fn what_is_short_or_no_key_at_all_starts_nothing() {
        for json in [
            String::new(),
            "{}".to_owned(),
            r#"{"kid":"1","key":""}"#.to_owned(),
            r#"{"kid":"1","key":"changeme"}"#.to_owned(),
            format!(r#"{{"kid":"1","key":"{}"}}"#, "changeme".repeat(8)),
            format!(r#"{{"kid":"1","key":"{}"}}"#, "0".repeat(64)),
            format!(r#"{{"kid":"","key":"{ONE}"}}"#),
            format!(r#"{{"kid":"a\"b","key":"{ONE}"}}"#),
            format!(r#"{{"kid":"2","key":"{ONE}","earlier":{{"1":"old"}}}}"#),
            format!(r#"{{"kid":"2","key":"{ONE}","keys":[]}}"#),
        ] {
            let refused = Keyring::read(&json);
            assert!(refused.is_err(), "{json}");
            assert!(!format!("{refused:?}").contains(ONE));
        }
    }

    #[test]
    fn no_other_token_counts() {
        let good = issue(&first()).token;
        let [header, claims, code] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
        let jti = URL_SAFE_NO_PAD.encode([7; 32]);
        let said = format!(r#"{{"jti":"{jti}","tenant":"acme","iat":1,"exp":9999999999}}"#);
        let ours = r#"{"alg":"HS256","kid":"1","typ":"telemetry+jwt"}"#;
        assert!(first().verify(sign(ours, &said, ONE).as_bytes(), NOW).is_ok());
        let mut hostile = vec![
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            "...".to_owned(),
            format!("{header}.{claims}"),
            format!("{header}.{claims}."),
            format!("{header}..{code}"),
            format!(".{claims}.{code}"),
            format!("{good}="),
            format!("{good}."),
            format!(" {good}"),
            format!("{good}.{good}"),
            good.to_uppercase(),
            "a".repeat(5000),
            sign(ours, &said, TWO),
            sign(ours, &said.replace("9999999999", "1"), ONE),
            sign(ours, &said.replace(&jti, "AAAA"), ONE),
            sign(ours, &said.replace("acme", "ac#me"), ONE),
            sign(ours, "{}", ONE),
            sign(ours, "[]", ONE),
        ];
        for other in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"none","kid":"1","typ":"telemetry+jwt"}"#,
            r#"{"alg":"HS384","kid":"1","typ":"telemetry+jwt"}"#,
            r#"{"alg":"HS256","kid":"1","typ":"JWT"}"#,
            r#"{"alg":"HS256","kid":"../1","typ":"telemetry+jwt"}"#,
            r#"{"alg":"HS256","kid":"1","typ":"telemetry+jwt","jwk":{}}"#,
            r#"{"alg":"HS256","alg":"HS256","kid":"1","typ":"telemetry+jwt"}"#,
            r#"{"kid":"1","alg":"HS256","typ":"telemetry+jwt"}"#,
        ] {
            hostile.push(sign(other, &said, ONE));
            hostile.push(format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(other)));
        }
        // Every cut, and every character changed.
        hostile.extend((0..good.len()).map(|end| good.get(..end).unwrap().to_owned()));
        for (at, old) in good.char_indices() {
            let new = if old == 'A' { 'B' } else { 'A' };
            let mut changed = good.clone();
            changed.replace_range(at..=at, &new.to_string());
            hostile.push(changed);
        }
        for token in hostile {
            assert!(first().verify(token.as_bytes(), NOW).is_err(), "{token}");
        }
        assert!(first().verify(b"\xff.\xff.\xff", NOW).is_err());
    }
}
