//! The public keys of an issuer (RFC 7517, RFC 7518 section 6, RFC 8037).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

use super::{Refusal, json};
use crate::model::Algorithm;

/// Most keys of a set that are looked at.
const MOST_KEYS: usize = 64;
/// Shortest RSA modulus, in bits (RFC 7518, section 3.3).
const MIN_RSA_BITS: usize = 2048;
/// Longest RSA modulus, in bits: the time of a verification grows with it.
const MAX_RSA_BITS: usize = 8192;

/// The keys of a set that can verify a token here.
#[derive(Debug, Default)]
pub(super) struct KeySet(Vec<Key>);

/// A public key and the one algorithm it is for: a key never serves a token that asks for another.
pub(super) struct Key {
    id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) public: DecodingKey,
}

impl KeySet {
    /// Reads a JWK set. Keys of other kinds, for other uses, too weak or malformed are left out, as RFC 7517 section 5
    /// asks; `None` when it is no set at all.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let set = json::object(bytes)?;
        let keys = set.get("keys")?.as_array()?;
        let usable = keys.iter().take(MOST_KEYS).filter_map(|it| key(it.as_object()?));
        Some(Self(usable.collect()))
    }

    /// The one key for tokens of this algorithm that name this key.
    ///
    /// A token that names none is accepted while the set has one key for its algorithm. Of two keys of one name none
    /// is taken: trying each would let one key vouch for what another was named for.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&Key, Refusal> {
        let named = |key: &&Key| id.is_none() || key.id.as_deref() == id;
        let mut fitting = self
            .0
            .iter()
            .filter(|key| key.algorithm == algorithm)
            .filter(named);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err(Refusal("no key of the issuer fits the token")),
            (Some(_), Some(_)) => Err(Refusal("more than one key of the issuer fits the token")),
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

fn key(jwk: &Map<String, Value>) -> Option<Key> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    // A set that publishes a private key has lost it.
    if jwk.contains_key("d") || !may_verify(jwk) {
        return None;
    }
    let (algorithm, public) = match (text("kty")?, text("crv")) {
        ("RSA", _) => (Algorithm::Rs256, rsa(text("n")?, text("e")?)?),
        ("EC", Some("P-256")) => {
            let (x, y) = (text("x")?, text("y")?);
            let whole = bytes(x)?.len() == 32 && bytes(y)?.len() == 32;
            (
                Algorithm::Es256,
                whole.then(|| DecodingKey::from_ec_components(x, y).ok())??,
            )
        }
        ("OKP", Some("Ed25519")) => {
            let x = text("x")?;
            let whole = bytes(x)?.len() == 32;
            (
                Algorithm::EdDsa,
                whole.then(|| DecodingKey::from_ed_components(x).ok())??,
            )
        }
        _ => return None,
    };
    let meant_for_it = match jwk.get("alg") {
        None => true,
        // RFC 9864 names the algorithm by its curve.
        Some(Value::String(name)) => name.parse() == Ok(algorithm),
        Some(_) => false,
    };
    let id = match jwk.get("kid") {
        None => None,
        Some(kid) => Some(kid.as_str()?.to_owned()),
    };
    meant_for_it.then_some(Key {
        id,
        algorithm,
        public,
    })
}

fn may_verify(jwk: &Map<String, Value>) -> bool {
    let for_signatures = jwk.get("use").is_none_or(|it| it == "sig");
    let verifies = jwk.get("key_ops").is_none_or(|operations| {
        operations
            .as_array()
            .is_some_and(|them| them.iter().any(|it| it == "verify"))
    });
    for_signatures && verifies
}

fn rsa(modulus: &str, exponent: &str) -> Option<DecodingKey> {
    let modulus = unsigned(bytes(modulus)?);
    let exponent = unsigned(bytes(exponent)?);
    let bits = modulus.len() * 8 - modulus.first()?.leading_zeros() as usize;
    let mut wide = [0; 8];
    wide.get_mut(8_usize.checked_sub(exponent.len())?..)?
        .copy_from_slice(&exponent);
    let exponent_value = u64::from_be_bytes(wide);
    // FIPS 186-5, A.1.1: an odd exponent above 2^16. aws-lc takes at most 33 bits.
    let sound = exponent_value % 2 == 1 && (65_537..1 << 33).contains(&exponent_value);
    ((MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) && sound)
        .then(|| DecodingKey::from_rsa_raw_components(&modulus, &exponent))
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn unsigned(mut number: Vec<u8>) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.drain(..zeros);
    number
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::auth::testing::{Signer, signers};

    fn set(keys: &[Value]) -> KeySet {
        KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap()
    }

    fn with(signer: &Signer, member: &str, value: Value) -> Value {
        let mut jwk = signer.jwk("k");
        jwk[member] = value;
        jwk
    }

    #[test]
    fn a_key_serves_its_own_algorithm_alone() {
        for signer in signers() {
            let set = set(&[signer.jwk("k")]);
            for algorithm in Algorithm::ALL {
                assert_eq!(
                    set.find(Some("k"), algorithm).is_ok(),
                    algorithm == signer.algorithm()
                );
            }
            assert!(set.find(None, signer.algorithm()).is_ok());
            assert!(set.find(Some("other"), signer.algorithm()).is_err());
            assert!(set.find(Some(""), signer.algorithm()).is_err());
        }
    }

    #[test]
    fn keys_of_other_kinds_are_left_out_and_the_rest_serves() {
        let [rsa, ec, ed] = signers();
        let strange = [
            json!({"kty": "oct", "kid": "k", "k": "c2VjcmV0"}),
            json!({"kty": "EC", "crv": "P-521", "kid": "k", "x": "", "y": ""}),
            json!({"kty": "AKP", "kid": "k", "alg": "ML-DSA-65"}),
            json!({"kid": "k"}),
            json!("k"),
            json!(null),
        ];
        for stranger in strange {
            let set = set(&[stranger, rsa.jwk("k"), ec.jwk("k"), ed.jwk("k")]);
            assert_eq!(set.0.len(), 3);
        }
    }

    #[test]
    fn a_key_that_is_weak_malformed_or_for_something_else_is_left_out() {
        let [rsa, ec, ed] = signers();
        let short = URL_SAFE_NO_PAD.encode([0xff; 255]);
        let long = URL_SAFE_NO_PAD.encode([0xff; 1025]);
        let zeros = URL_SAFE_NO_PAD.encode([0; 256]);
        for (what, jwk) in [
            ("2040 bits", with(rsa, "n", json!(short))),
            ("8200 bits", with(rsa, "n", json!(long))),
            ("a modulus of zero", with(rsa, "n", json!(zeros))),
            ("no modulus", with(rsa, "n", json!(""))),
            ("padding", with(rsa, "n", json!("AQAB="))),
            ("exponent 1", with(rsa, "e", json!("AQ"))),
            ("exponent 3", with(rsa, "e", json!("Aw"))),
            ("an even exponent", with(rsa, "e", json!("AQAC"))),
            ("a long exponent", with(rsa, "e", json!("AQAAAAAAAAAAAQ"))),
            ("no exponent", with(rsa, "e", json!(""))),
            ("for encryption", with(rsa, "use", json!("enc"))),
            ("a use that is no text", with(rsa, "use", json!(["sig"]))),
            ("for signing only", with(rsa, "key_ops", json!(["sign"]))),
            (
                "operations that are no list",
                with(rsa, "key_ops", json!("verify")),
            ),
            ("another algorithm", with(rsa, "alg", json!("PS256"))),
            ("an hmac algorithm", with(rsa, "alg", json!("HS256"))),
            ("an algorithm that is no text", with(rsa, "alg", json!(1))),
            ("a name that is no text", with(rsa, "kid", json!(1))),
            ("a private key", with(rsa, "d", json!("AQAB"))),
            ("a short coordinate", with(ec, "x", json!("AQAB"))),
            ("another curve", with(ec, "crv", json!("secp256k1"))),
            ("ES384", with(ec, "alg", json!("ES384"))),
            ("a short point", with(ed, "x", json!("AQAB"))),
            ("Ed448", with(ed, "crv", json!("Ed448"))),
            ("X25519", with(ed, "crv", json!("X25519"))),
        ] {
            assert_eq!(set(&[jwk]).0.len(), 0, "{what}");
        }
    }

    #[test]
    fn two_keys_of_one_name_serve_nobody() {
        let [rsa, _, _] = signers();
        let twice = set(&[rsa.jwk("k"), rsa.jwk("k")]);
        assert!(twice.find(Some("k"), Algorithm::Rs256).is_err());
        let other_names = set(&[rsa.jwk("a"), rsa.jwk("b")]);
        assert!(other_names.find(Some("b"), Algorithm::Rs256).is_ok());
        assert!(other_names.find(None, Algorithm::Rs256).is_err());
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"keys":{}}"#,
            r#"{"keys":[],"keys":[]}"#,
            "<html>",
        ] {
            assert!(KeySet::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
