//! The embedded DynamoDB engine, and what its server leaves to its owner. The only module that knows the library.
//!
//! Its HTTP server never deletes expired items, so [`Engine::sweep_expired`] does when it is called. It deletes also
//! what expired more than five years ago, which DynamoDB keeps.

use std::path::Path;

use dynoxide::Database;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::Error;

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    url: String,
    database: Handle,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<Result<(), String>>,
}

#[derive(Clone)]
struct Handle(Database);

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Database")
    }
}

impl Engine {
    /// An engine that keeps its tables in `file`, or in memory, and answers on a port of its own.
    pub async fn start(file: Option<&Path>) -> Result<Self, Error> {
        let opened = match file {
            Some(file) => Database::new(&file.display().to_string()),
            None => Database::memory(),
        };
        let database = opened.map_err(|it| Error::Engine(it.to_string()))?;
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(Error::io("a port for DynamoDB"))?;
        let address = listener.local_addr().map_err(Error::io("a port for DynamoDB"))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(dynoxide::server::serve_with_shutdown(
            listener,
            database.clone(),
            async {
                // An owner that went away wants it stopped, too.
                drop(stopped.await);
            },
        ));
        Ok(Self {
            url: format!("http://{address}"),
            database: Handle(database),
            stop: Some(stop),
            server,
        })
    }

    /// Where it answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Deletes what has expired, as DynamoDB does in its own time; says how many items that were.
    pub async fn sweep_expired(&self) -> Result<usize, Error> {
        let Handle(database) = self.database.clone();
        tokio::task::spawn_blocking(move || database.sweep_ttl())
            .await
            .map_err(|it| Error::Engine(it.to_string()))?
            .map_err(|it| Error::Engine(it.to_string()))
    }

    /// Stops answering and closes the file.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        let grace = std::time::Duration::from_secs(2);
        // A client that keeps a request open must not keep us from ending.
        drop(tokio::time::timeout(grace, &mut self.server).await);
        self.server.abort();
    }
}
