//! API keys: `id:secret`, of which the secret is kept by its digest alone.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Refusal;
use crate::clock::{Entropy, EntropyError};
use crate::model::{ApiKey, Instant, Scopes, TenantId};

/// Longest id, in characters.
const MAX_ID: usize = 64;
/// Lengths a secret can have, in characters: with fewer than 43 it has not the 256 bits that make its digest enough.
const SECRET_LENGTH: std::ops::RangeInclusive<usize> = 43..=128;
/// What secrets begin with, so that scanners of source code and logs can find a leaked one.
const PREFIX: &str = "hfk_";

/// A key that was just made, with the secret that nobody can read again.
#[derive(Debug)]
pub struct IssuedKey {
    /// What is stored.
    pub key: ApiKey,
    /// What its holder gets, once.
    pub secret: Secret,
}

/// The secret of a key. Debug prints its name alone.
pub struct Secret(String);

impl IssuedKey {
    /// Draws a key: an id of 96 random bits and a secret of 256.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn draw(tenant: TenantId, scopes: Scopes, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let (mut id, mut secret) = ([0; 12], [0; 32]);
        entropy.fill(&mut id)?;
        entropy.fill(&mut secret)?;
        let secret = Secret(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(secret)));
        let key = ApiKey {
            id: URL_SAFE_NO_PAD.encode(id),
            tenant,
            secret_digest: Sha256::digest(&secret.0).into(),
            scopes,
            revoked_at: None,
        };
        Ok(Self { key, secret })
    }

    /// What its holder sends as a bearer: `id:secret`.
    pub fn bearer(&self) -> String {
        format!("{}:{}", self.key.id, self.secret.0)
    }
}

impl Secret {
    /// The secret as text, to be shown to its holder once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Whether a text can be an id at all. What cannot is not looked up.
pub(super) fn is_id(text: &str) -> bool {
    let alphabet = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
    (1..=MAX_ID).contains(&text.len()) && text.bytes().all(alphabet)
}

/// Whether a text can be a secret at all. The id of what cannot is not looked up.
pub(super) fn is_secret(text: &str) -> bool {
    SECRET_LENGTH.contains(&text.len())
}

/// The key, if `secret` is its secret and it is not revoked. `found` is what is stored under the id.
///
/// An unknown id costs the same work as a wrong secret.
pub(super) fn judge(found: Option<ApiKey>, secret: &str, now: Instant) -> Result<ApiKey, Refusal> {
    if !is_secret(secret) {
        return Err(Refusal("api key secret has no possible length"));
    }
    let given: [u8; 32] = Sha256::digest(secret).into();
    let expected = found.as_ref().map_or([0; 32], |key| key.secret_digest);
    let equal = bool::from(given.ct_eq(&expected));
    match found {
        Some(key) if equal => match key.revoked_at {
            Some(at) if at <= now => Err(Refusal("api key is revoked")),
            _ => Ok(key),
        },
        Some(_) => Err(Refusal("api key secret is wrong")),
        None => Err(Refusal("api key is unknown")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Fixed;
    use crate::model::Scope;

    const NOW: Instant = Instant::from_secs(1_000_000);

    fn issued() -> IssuedKey {
        let scopes = [Scope::SessionsRead].into_iter().collect();
        IssuedKey::draw("acme".parse().unwrap(), scopes, &Fixed::at(NOW)).unwrap()
    }

    #[test]
    fn a_drawn_secret_has_256_bits_a_prefix_and_opens_its_key() {
        let IssuedKey { key, secret } = issued();
        let random = secret.reveal().strip_prefix("hfk_").unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(random).unwrap().len(), 32);
        assert!(is_id(&key.id));
        assert_eq!(judge(Some(key.clone()), secret.reveal(), NOW), Ok(key));
    }

    #[test]
    fn no_other_secret_opens_it() {
        let IssuedKey { key, secret } = issued();
        let right = secret.reveal();
        for wrong in [
            String::new(),
            "x".to_owned(),
            right.to_uppercase(),
            format!("{right} "),
            format!("{right}\0"),
            right.strip_suffix(|_: char| true).unwrap().to_owned(),
            URL_SAFE_NO_PAD.encode(key.secret_digest),
            "a".repeat(129),
        ] {
            assert!(judge(Some(key.clone()), &wrong, NOW).is_err(), "{wrong}");
        }
        assert!(judge(None, right, NOW).is_err());
        assert!(judge(None, "", NOW).is_err());
    }

    #[test]
    fn a_revoked_key_is_refused_from_its_moment_on() {
        let IssuedKey { key, secret } = issued();
        let revoked = |at| ApiKey {
            revoked_at: Some(at),
            ..key.clone()
        };
        let later = NOW + std::time::Duration::from_millis(1);
        assert!(judge(Some(revoked(NOW)), secret.reveal(), NOW).is_err());
        assert!(judge(Some(revoked(later)), secret.reveal(), NOW).is_ok());
    }

    #[test]
    fn an_id_has_the_alphabet_of_stored_keys() {
        for good in ["a", "key_1-A", &"a".repeat(64)] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", "a#b", "a b", "\u{e4}", "a.b", "a/b", "a\0", &"a".repeat(65)] {
            assert!(!is_id(bad), "{bad}");
        }
    }

    #[test]
    fn a_secret_that_is_too_short_for_256_bits_is_none() {
        assert!(
            is_secret(issued().secret.reveal()) && is_secret(&"a".repeat(43)) && is_secret(&"a".repeat(128))
        );
        for bad in ["", "x", &"a".repeat(42), &"a".repeat(129)] {
            assert!(!is_secret(bad), "{bad}");
        }
    }

    #[test]
    fn a_secret_is_never_printed() {
        let issued = issued();
        assert!(!format!("{issued:?}").contains(issued.secret.reveal()));
    }
}
