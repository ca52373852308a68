//! The embedded DynamoDB engine, and what it leaves to its owner. The only module that knows the library.
//!
//! It never deletes expired items by itself, so [`Engine::sweep_expired`] does when it is called; that deletes also what
//! expired more than five years ago, which DynamoDB keeps. The library's own HTTP server answers every page of every site
//! (`Access-Control-Allow-Origin: *`, no key), so [`server`] stands in its place.

mod operations;
mod server;

use std::net::SocketAddr;
use std::path::Path;

use dynoxide::Database;
use tokio::net::TcpListener;

use crate::Error;
use crate::guard::Names;
use server::Server;

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    url: String,
    access_key: String,
    database: Handle,
    servers: Vec<Server>,
}

#[derive(Clone)]
struct Handle(Database);

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Database")
    }
}

impl Engine {
    /// An engine that keeps its tables in `file`, or in memory, and answers programs of this machine on a port of its own.
    ///
    /// Requests must be signed with the access key id `access_key`; with which secret is not checked.
    pub async fn start(file: Option<&Path>, access_key: &str) -> Result<Self, Error> {
        let opened = match file {
            Some(file) => Database::new(&file.display().to_string()),
            None => Database::memory(),
        };
        let database = opened.map_err(|it| Error::Engine(it.to_string()))?;
        let mut engine = Self {
            url: String::new(),
            access_key: access_key.to_owned(),
            database: Handle(database),
            servers: Vec::new(),
        };
        let own = SocketAddr::from(([127, 0, 0, 1], 0));
        engine.url = format!("http://{}", engine.serve(own, Names::Loopback).await?);
        Ok(engine)
    }

    /// Answers on `address`, too, also requests of containers of this machine; says where that is.
    pub async fn listen_at(&mut self, address: SocketAddr) -> Result<SocketAddr, Error> {
        self.serve(address, Names::Containers).await
    }

    async fn serve(&mut self, address: SocketAddr, names: Names) -> Result<SocketAddr, Error> {
        let what = || format!("DynamoDB at {address}");
        let listener = TcpListener::bind(address).await.map_err(Error::io(what()))?;
        let address = listener.local_addr().map_err(Error::io(what()))?;
        let Handle(database) = self.database.clone();
        self.servers
            .push(Server::start(listener, database, &self.access_key, names));
        Ok(address)
    }

    /// Where it answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The access key id that requests must be signed with.
    pub fn access_key(&self) -> &str {
        &self.access_key
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
    pub async fn stop(self) {
        for server in self.servers {
            server.stop().await;
        }
    }
}
