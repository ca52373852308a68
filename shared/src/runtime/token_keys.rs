//! The keys of telemetry tokens, as a running function has them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::app::BootError;
use crate::auth::{Claim, Keyring, NoToken};
use crate::model::Instant;

/// How long the keys are not asked for again, after they were read and after they could not be.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(10);
const TRIED_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The keys, read when the function starts. A function without them does not start.
pub struct TokenKeys {
    source: Source,
    current: Mutex<Current>,
}

struct Current {
    keys: Arc<Keyring>,
    /// Until when they are not asked for.
    asked_until: Instant,
    /// Whether they could not be read when they were last asked for.
    failed: bool,
}

/// Why a token says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// It is none that counts.
    #[error("no telemetry token that counts")]
    NoToken(NoToken),
    /// Its key is not known here, and the keys cannot be read: it may be a good one.
    #[error("the keys of telemetry tokens cannot be read")]
    Unavailable,
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
        let current = Mutex::new(Current {
            keys: Arc::new(keys),
            asked_until: Instant::from_millis(0),
            failed: false,
        });
        Ok(Self { source, current })
    }

    /// The keys as they were last read.
    pub fn get(&self) -> Arc<Keyring> {
        Arc::clone(&self.lock().keys)
    }

    /// What a token says at `now`. A key that is not known is asked for, at most every 10 seconds: it may be new.
    ///
    /// # Errors
    /// When it says nothing.
    pub async fn verify(&self, token: &[u8], now: Instant) -> Result<Claim, Unverified> {
        match self.get().verify(token, now) {
            Err(NoToken::UnknownKey) => {}
            judged => return judged.map_err(Unverified::NoToken),
        }
        if !self.may_ask(now) {
            return Err(self.unknown());
        }
        match self.source.read().await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                let mut current = self.lock();
                (current.keys, current.failed) = (Arc::clone(&keys), false);
                drop(current);
                keys.verify(token, now).map_err(Unverified::NoToken)
            }
            Err(error) => {
                tracing::warn!(
                    error = error.as_ref() as &dyn std::error::Error,
                    "keys of telemetry tokens cannot be read again"
                );
                let mut current = self.lock();
                (current.asked_until, current.failed) = (now + TRIED_AGAIN_AFTER, true);
                Err(Unverified::Unavailable)
            }
        }
    }

    /// Why a token of a key that is not known says nothing, while the keys are not asked for.
    fn unknown(&self) -> Unverified {
        if self.lock().failed {
            Unverified::Unavailable
        } else {
            Unverified::NoToken(NoToken::UnknownKey)
        }
    }

    fn may_ask(&self, now: Instant) -> bool {
        let mut current = self.lock();
        let may = current.asked_until <= now;
        if may {
            current.asked_until = now + ASKED_AGAIN_AFTER;
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
