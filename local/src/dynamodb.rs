//! A DynamoDB endpoint, asked in its own JSON: the embedded engine, or any other that does not compute signatures.
//!
//! Requests that a template or a stream event already has as JSON go as they are. What has types goes through the
//! store and the AWS client.

use std::time::Duration;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use axum::body::{Body, Bytes};
use axum::http::Request;
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::Error;
use crate::template::{REGION, Table};

/// The access key id for engines that are not our own, unless another one is named. Some keep one database per key.
pub(crate) const ACCESS_KEY: &str = "local";
/// The secret of any access key id, which is none: no engine computes signatures.
pub(crate) const SECRET_KEY: &str = "local";
const TIMEOUT: Duration = Duration::from_secs(10);

/// An endpoint.
#[derive(Debug, Clone)]
pub(crate) struct DynamoDb {
    url: String,
    access_key: String,
    client: Client<HttpConnector, Body>,
}

impl DynamoDb {
    /// The endpoint at `url`, `http://host:port`, asked with this access key id.
    pub(crate) fn at(url: &str, access_key: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            access_key: access_key.to_owned(),
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn access_key(&self) -> &str {
        &self.access_key
    }

    /// The AWS client for this endpoint.
    pub(crate) fn sdk(&self) -> aws_sdk_dynamodb::Client {
        let credentials = Credentials::new(self.access_key.as_str(), SECRET_KEY, None, None, "local");
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(REGION))
            .endpoint_url(&self.url)
            .credentials_provider(credentials)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        aws_sdk_dynamodb::Client::from_conf(config)
    }

    /// Creates `table`; one that is there is used as it is.
    pub(crate) async fn ensure(&self, table: &Table) -> Result<(), Error> {
        let name = json!({ "TableName": table.name });
        match self.call("DynamoDB_20120810.DescribeTable", &name).await {
            Ok(_) => return Ok(()),
            Err(Error::DynamoDb { ref kind, .. }) if kind == "ResourceNotFoundException" => {}
            Err(other) => return Err(other),
        }
        self.call("DynamoDB_20120810.CreateTable", &table.create).await?;
        if let Some(attribute) = &table.ttl_attribute {
            let ttl = json!({
                "TableName": table.name,
                "TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": true},
            });
            self.call("DynamoDB_20120810.UpdateTimeToLive", &ttl).await?;
        }
        Ok(())
    }

    /// The ARN of the table's stream; `None` when it has none.
    pub(crate) async fn stream_arn(&self, table: &str) -> Result<Option<String>, Error> {
        let name = json!({ "TableName": table });
        let answer = self.call("DynamoDB_20120810.DescribeTable", &name).await?;
        Ok(answer
            .pointer("/Table/LatestStreamArn")
            .and_then(Value::as_str)
            .map(str::to_owned))
    }

    /// One operation of the Streams API.
    pub(crate) async fn streams(&self, operation: &str, input: &Value) -> Result<Value, Error> {
        self.call(&format!("DynamoDBStreams_20120810.{operation}"), input)
            .await
    }

    async fn call(&self, target: &str, input: &Value) -> Result<Value, Error> {
        let failed = |what: String| Error::DynamoDb {
            kind: "Unreachable".to_owned(),
            message: format!("{} at {}: {what}", target, self.url),
        };
        // A well-formed signature is asked for; only its access key id is looked at.
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/{REGION}/dynamodb/aws4_request, \
             SignedHeaders=host;x-amz-date;x-amz-target, Signature={:064}",
            self.access_key, 0
        );
        let request = Request::post(format!("{}/", self.url))
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target)
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", authorization)
            .body(Body::from(input.to_string()))
            .map_err(|it| failed(it.to_string()))?;
        let exchange = async {
            let response = self
                .client
                .request(request)
                .await
                .map_err(|it| failed(it.to_string()))?;
            let success = response.status().is_success();
            let body = response.into_body().collect().await;
            let body: Bytes = body.map_err(|it| failed(it.to_string()))?.to_bytes();
            Ok::<_, Error>((success, body))
        };
        let (success, body) = tokio::time::timeout(TIMEOUT, exchange)
            .await
            .map_err(|_| failed("no answer".to_owned()))??;
        let answer: Value = serde_json::from_slice(&body).map_err(|it| failed(it.to_string()))?;
        if success {
            return Ok(answer);
        }
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
        Err(Error::DynamoDb {
            kind: text("__type").rsplit('#').next().unwrap_or_default().to_owned(),
            message: format!("{} {}", text("message"), text("Message"))
                .trim()
                .to_owned(),
        })
    }
}
