//! What the tests of this module share: keys that sign, an issuer that serves them, and a directory to look up in.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Caller, Who};
use crate::model::{Algorithm, ApiKey, Instant, Issuer, Partition, Scope, Subject, TenantId};
use crate::policy::{Policy, Tenant};
use crate::store;

/// The time at which all tests take place.
pub(super) const NOW: Instant = Instant::from_secs(1_800_000_000);
/// The issuer of good tokens.
pub(super) const ISSUER: &str = "https://issuer.example.com";
/// The audience of good tokens.
pub(super) const AUDIENCE: &str = "https://holdfast.example.com";

/// A private key, made anew in each test run.
pub(super) enum Signer {
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Signer {
    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(_) => Algorithm::Rs256,
            Self::Ec(_) => Algorithm::Es256,
            Self::Ed(_) => Algorithm::EdDsa,
        }
    }

    pub(super) fn rsa() -> Self {
        Self::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
    }

    pub(super) fn ec() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(super) fn ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    pub(super) fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rsa(pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": text(&public.n), "e": text(&public.e)})
            }
            Self::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": text(&point[1..33]), "y": text(&point[33..])})
            }
            Self::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": text(pair.public_key().as_ref())})
            }
        }
    }

    /// The public key as the bytes an attacker would use as an HMAC secret.
    pub(super) fn public_bytes(&self) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Self::Ec(pair) => pair.public_key().as_ref().to_vec(),
            Self::Ed(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    pub(super) fn signature(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .unwrap();
                signature
            }
            Self::Ec(pair) => pair
                .sign(&SystemRandom::new(), message)
                .unwrap()
                .as_ref()
                .to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// A correctly signed token of these parts, whatever they are.
    pub(super) fn sign(&self, header: &str, claims: &str) -> String {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let signature = URL_SAFE_NO_PAD.encode(self.signature(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// A token of these claims by the key named `kid`.
    pub(super) fn token(&self, kid: &str, claims: &Value) -> String {
        let header = json!({"alg": self.algorithm().as_str(), "typ": "JWT", "kid": kid});
        self.sign(&header.to_string(), &claims.to_string())
    }
}

/// One key of each kind, the same in every test of a run.
pub(super) fn signers() -> [&'static Signer; 3] {
    static SIGNERS: LazyLock<[Signer; 3]> = LazyLock::new(|| [Signer::rsa(), Signer::ec(), Signer::ed()]);
    let [rsa, ec, ed] = &*SIGNERS;
    [rsa, ec, ed]
}

/// The claims of a good token for alice at acme.
pub(super) fn claims() -> Value {
    let now = NOW.secs();
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "tenant": "acme",
        "iat": now - 10, "nbf": now - 10, "exp": now + 300,
    })
}

/// The good claims with one of them changed; `null` takes it out.
pub(super) fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

pub(crate) fn acme() -> Tenant {
    tenant("acme", 7)
}

fn tenant(id: &str, partition: u32) -> Tenant {
    Tenant {
        id: id.parse().unwrap(),
        partition: Partition::new(partition).unwrap(),
        policy: Policy::default(),
    }
}

pub(crate) fn user_caller(issuer: &str, sub: &str, iat: i64) -> Caller {
    Caller {
        tenant: acme(),
        who: Who::User {
            subject: Subject::new(sub).unwrap(),
            issuer: issuer.to_owned(),
            sessions: Vec::new(),
            issued_at: Instant::from_secs(iat),
        },
    }
}

pub(crate) fn key_caller(id: &str, scopes: impl IntoIterator<Item = Scope>) -> Caller {
    Caller {
        tenant: acme(),
        who: Who::Key {
            id: id.to_owned(),
            scopes: scopes.into_iter().collect(),
            acts_for: None,
        },
    }
}

/// What is stored about credentials, and how often it was read.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) issuers: Mutex<Vec<Issuer>>,
    pub(super) api_keys: Mutex<Vec<ApiKey>>,
    pub(super) reads: AtomicUsize,
    pub(super) down: std::sync::atomic::AtomicBool,
}

impl Listed {
    /// The issuer of good tokens, for the tenants acme and other; the tenant globex exists without it, and the tenant
    /// ghost is named by it without existing.
    pub(super) fn with_jwks(url: &str) -> Arc<Self> {
        let listed = Self::default();
        listed.issuers.lock().unwrap().push(issuer(url));
        Arc::new(listed)
    }

    fn read<T>(&self, found: Option<T>) -> Result<Option<T>, store::Error> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) {
            return Err(store::Error::Unavailable("down".into()));
        }
        Ok(found)
    }

    pub(super) fn issuer(&self, iss: &str) -> Result<Option<Issuer>, store::Error> {
        self.read(
            self.issuers
                .lock()
                .unwrap()
                .iter()
                .find(|it| it.issuer == iss)
                .cloned(),
        )
    }

    pub(super) fn api_key(&self, id: &str) -> Result<Option<ApiKey>, store::Error> {
        self.read(
            self.api_keys
                .lock()
                .unwrap()
                .iter()
                .find(|it| it.id == id)
                .cloned(),
        )
    }

    pub(super) fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, store::Error> {
        let tenants = [acme(), tenant("other", 8), tenant("globex", 9)];
        self.read(tenants.into_iter().find(|it| it.id == *id))
    }
}

pub(super) fn issuer(jwks_url: &str) -> Issuer {
    let tenants = ["acme", "other", "ghost"];
    Issuer {
        issuer: ISSUER.to_owned(),
        jwks_url: jwks_url.to_owned(),
        audiences: vec![AUDIENCE.to_owned()],
        algorithms: Algorithm::ALL.to_vec(),
        tenants: tenants.into_iter().map(|it| it.parse().unwrap()).collect(),
        tenant_claim: Some("tenant".to_owned()),
        namespaced: false,
    }
}

/// An issuer's web server on a loopback port. It counts what it is asked.
pub(super) struct Server {
    pub(super) url: String,
    answer: Arc<Mutex<(Duration, Vec<u8>)>>,
    asked: Arc<AtomicUsize>,
}

impl Server {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new((Duration::ZERO, Vec::new())));
        let asked = Arc::new(AtomicUsize::new(0));
        let (answers, count) = (Arc::clone(&answer), Arc::clone(&asked));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let (delay, bytes) = answers.lock().unwrap().clone();
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    let _ = stream.read(&mut request).await;
                    // The head at once and the rest late, so that it is the whole answer that is timed.
                    let (head, rest) = bytes.split_at(bytes.len().min(40));
                    let _ = stream.write_all(head).await;
                    tokio::time::sleep(delay).await;
                    let _ = stream.write_all(rest).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { url, answer, asked }
    }

    /// A server with these keys.
    pub(super) async fn with(keys: &[Value]) -> Self {
        let server = Self::start().await;
        server.serve(keys);
        server
    }

    pub(super) fn serve(&self, keys: &[Value]) {
        self.answer_with("200 OK", "", json!({"keys": keys}).to_string().as_bytes());
    }

    pub(super) fn answer_with(&self, status: &str, headers: &str, body: &[u8]) {
        let mut bytes = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        self.answer_raw(Duration::ZERO, bytes);
    }

    pub(super) fn answer_raw(&self, delay: Duration, bytes: Vec<u8>) {
        *self.answer.lock().unwrap() = (delay, bytes);
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
