//! The keys of telemetry tokens, as a running function has them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::app::BootError;
use crate::auth::{Claim, Keyring, NoToken};
use crate::clock::{Clock, System};
use crate::model::Instant;

/// How long a key that is not known is not asked for again.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// The keys, read when the function starts. A function without them does not start.
pub struct TokenKeys {
    source: Source,
    current: Mutex<Current>,
}

struct Current {
    keys: Arc<Keyring>,
    asked_at: Instant,
}

/// Where the keys are.
enum Source {
    /// In Secrets Manager.
    Secret {
        client: aws_sdk_secretsmanager::Client,
        arn: String,
    },
    /// In a file: the local cloud.
    File(String),
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl TokenKeys {
    /// The variable that says where the keys are: the ARN of a secret, or locally the path of a file.
    pub const VARIABLE: &'static str = "HOLDFAST_TOKEN_KEYS";

    /// Reads the keys.
    ///
    /// # Errors
    /// When there are none, or what is there is no key.
    #[expect(
        clippy::disallowed_methods,
        reason = "read once, at the start, as all configuration"
    )]
    pub async fn boot() -> Result<Self, BootError> {
        let place = std::env::var(Self::VARIABLE).unwrap_or_default();
        let source = match place {
            arn if arn.starts_with("arn:") => Source::Secret {
                client: super::aws::secrets().await,
                arn,
            },
            path if path.starts_with('/') => Source::File(path),
            _ => {
                let what = format!("{} must be the ARN of a secret", Self::VARIABLE);
                return Err(BootError::TokenKeys(what.into()));
            }
        };
        let keys = source.read().await.map_err(BootError::TokenKeys)?;
        let asked_at = System.now();
        let current = Mutex::new(Current {
            keys: Arc::new(keys),
            asked_at,
        });
        Ok(Self { source, current })
    }

    /// The keys as they were last read.
    pub fn get(&self) -> Arc<Keyring> {
        Arc::clone(&self.lock().keys)
    }

    /// What a token says at `now`. A key that is not known is asked for, at most once a minute: it may be new.
    ///
    /// # Errors
    /// When it says nothing.
    pub async fn verify(&self, token: &[u8], now: Instant) -> Result<Claim, NoToken> {
        match self.get().verify(token, now) {
            Err(NoToken::UnknownKey) if self.may_ask(now) => {}
            judged => return judged,
        }
        match self.source.read().await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                self.lock().keys = Arc::clone(&keys);
                keys.verify(token, now)
            }
            Err(error) => {
                tracing::warn!(
                    error = error.as_ref() as &dyn std::error::Error,
                    "keys of telemetry tokens cannot be read again"
                );
                Err(NoToken::UnknownKey)
            }
        }
    }

    fn may_ask(&self, now: Instant) -> bool {
        let mut current = self.lock();
        let may = ASKED_AGAIN_AFTER <= now.since(current.asked_at);
        if may {
            current.asked_at = now;
        }
        may
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    async fn read(&self) -> Result<Keyring, Failure> {
        let text = match self {
            Self::Secret { client, arn } => {
                let secret = client.get_secret_value().secret_id(arn).send().await?;
                secret.secret_string.ok_or("the secret has no text")?
            }
            Self::File(path) => std::fs::read_to_string(path)?,
        };
        Ok(Keyring::read(&text)?)
    }
}
