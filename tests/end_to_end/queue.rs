//! A queue as SQS speaks of it, as far as a sender sees.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A queue on a port of its own. It ends with its value.
pub(crate) struct Queue {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    _server: JoinSet<()>,
}

#[derive(Default)]
struct State {
    letters: Vec<Value>,
    refused: usize,
}

impl Queue {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/123456789012/letters", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let mut server = JoinSet::new();
        let shared = Arc::clone(&state);
        server.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = service_fn(|request| answer(request, &state));
                    let http = hyper::server::conn::http1::Builder::new();
                    let _ = http.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self {
            url,
            state,
            _server: server,
        }
    }

    /// The letters since the last look.
    pub(crate) fn letters(&self) -> Vec<Value> {
        std::mem::take(&mut self.state.lock().unwrap().letters)
    }

    /// Refuses so many requests from now on.
    pub(crate) fn refuse(&self, requests: usize) {
        self.state.lock().unwrap().refused = requests;
    }
}

async fn answer(
    request: Request<Incoming>,
    state: &Mutex<State>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let sent: Value =
        serde_json::from_slice(&request.into_body().collect().await.unwrap().to_bytes()).unwrap();
    let mut state = state.lock().unwrap();
    let (status, told) = if state.refused == 0 {
        let letter = sent["MessageBody"].as_str().expect("a message");
        state.letters.push(serde_json::from_str(letter).unwrap());
        (200, r#"{"MessageId": "1"}"#)
    } else {
        state.refused -= 1;
        (503, r#"{"__type": "ServiceUnavailable"}"#)
    };
    let answer = Response::builder()
        .status(status)
        .header("content-type", "application/x-amz-json-1.0");
    Ok(answer
        .body(Full::new(Bytes::from_static(told.as_bytes())))
        .unwrap())
}
