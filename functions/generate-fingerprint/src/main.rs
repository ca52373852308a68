//! Lambda entry point; the endpoint itself is in `lib.rs`.

use lambda_http::lambda_runtime::Error;
use shared::runtime::{serve, start_log};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_log();
    serve(async |request, _| generate_fingerprint::handle(&request)).await
}
