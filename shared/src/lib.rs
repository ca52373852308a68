//! Everything two functions could share, in layers. A module uses only the layers above it in this list:
//!
//! 1. [`model`]: ids, sessions, endings; [`clock`]: time and randomness
//! 2. [`network`], [`useragent`], [`telemetry`], [`fingerprint`], [`device`], [`risk`], [`signals`], [`policy`]:
//!    pure rules
//! 3. [`store`]: DynamoDB; the only module that knows keys and attribute names
//! 4. [`service`]: the use cases, without wire types
//! 5. [`face`]: the published APIs; [`auth`]: who is asking
//! 6. [`runtime`]: configuration, logs and the Lambda adapter

pub mod model;

pub mod clock;

pub mod network;

pub mod useragent;

pub mod telemetry;

pub mod fingerprint;

pub mod device;

pub mod risk;

pub mod signals;

pub mod policy;

pub mod store;

pub mod service;

pub mod auth;

pub mod face;

pub mod runtime;
