//! AWS Secrets Manager: reading a secret. Over the HTTP client of AWS's own library, since the gateway's
//! cannot leave its thread, and the database's thread reads secrets.

use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::http::Request;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::endpoint::domain;
use super::sign::Scope;

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
const OPERATION: &str = "secretsmanager.GetSecretValue";
/// For one reading, connecting included.
const DEADLINE: Duration = Duration::from_secs(3);

/// A secret cannot be read.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The secret, or this stage of it, does not exist.
    #[error("there is no such secret")]
    Missing,
    /// Anything else; tells what Secrets Manager says, never what the secret holds.
    #[error("{0}")]
    Failed(String),
}

/// The version of a secret, as rotation moves it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The one in use.
    Current,
    /// The one that a rotation is about to bring into use.
    Pending,
}

/// A secret, and where it is read.
#[derive(Debug, Clone)]
pub struct Secret {
    arn: String,
    region: String,
    url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Asked<'a> {
    secret_id: &'a str,
    version_stage: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    secret_string: SecretString,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(rename = "__type")]
    kind: String,
    #[serde(alias = "Message", default)]
    message: String,
}

impl Secret {
    /// The secret with an ARN, read at AWS's own address or at `base_url`. `None` where this is no ARN of
    /// a secret.
    #[must_use]
    pub fn new(arn: &str, base_url: Option<&str>) -> Option<Self> {
        let mut parts = arn.splitn(7, ':');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let (prefix, _partition, service) = (next()?, next()?, next()?);
        let (region, _account, kind, _name) = (next()?, next()?, next()?, next()?);
        if (prefix, service, kind) != ("arn", "secretsmanager", "secret") {
            return None;
        }
        let own = || format!("https://secretsmanager.{region}.{}", domain(region));
        let url = base_url.map_or_else(own, |url| url.trim_end_matches('/').to_owned());
        Some(Self { arn: arn.to_owned(), region: region.to_owned(), url: format!("{url}/") })
    }

    /// Reads the text of the secret at one stage.
    ///
    /// # Errors
    /// [`SecretError`]
    pub async fn read(
        &self,
        identity: &Identity,
        stage: Stage,
    ) -> Result<SecretString, SecretError> {
        let reading = Box::pin(self.call(identity, stage));
        match tokio::time::timeout(DEADLINE, reading).await {
            Ok(read) => read,
            Err(_) => Err(failed(&format!("{} does not answer", self.url))),
        }
    }

    async fn call(&self, identity: &Identity, stage: Stage) -> Result<SecretString, SecretError> {
        let version_stage = match stage {
            Stage::Current => "AWSCURRENT",
            Stage::Pending => "AWSPENDING",
        };
        let asked = Asked { secret_id: &self.arn, version_stage };
        let request = self.request(identity, &asked)?;
        let connector =
            Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build();
        let response = connector.call(request).await.map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            failed(&format!("{} cannot be reached: {}", self.url, cause.unwrap_or_default()))
        })?;
        let status = response.status();
        let body = ByteStream::new(response.into_body()).collect().await;
        let body = body.map_err(|error| failed(&error))?.into_bytes();
        if status.is_success() {
            let found: Found =
                serde_json::from_slice(&body).map_err(|_| failed(&"the secret holds no text"))?;
            return Ok(found.secret_string);
        }
        match serde_json::from_slice::<Fault>(&body) {
            Ok(fault) if fault.kind.ends_with("ResourceNotFoundException") => {
                Err(SecretError::Missing)
            }
            Ok(fault) => Err(failed(&format!("{}: {}", fault.kind, fault.message))),
            Err(_) => Err(failed(&format!("{} answers {}", self.url, status.as_u16()))),
        }
    }

    fn request(&self, identity: &Identity, asked: &Asked<'_>) -> Result<Request, SecretError> {
        let body = serde_json::to_vec(asked).map_err(|error| failed(&error))?;
        let headers = [("content-type", CONTENT_TYPE), ("x-amz-target", OPERATION)];
        let signable = SignableBody::Bytes(&body);
        let signable = SignableRequest::new("POST", &self.url, headers.into_iter(), signable)
            .map_err(|error| failed(&error))?;
        let scope = Scope { identity, region: &self.region, service: "secretsmanager" };
        let signed = scope
            .sign(signable, SigningSettings::default(), SystemTime::now())
            .map_err(|error| failed(&error))?;
        let mut request = Request::new(SdkBody::from(body));
        request.set_method("POST").map_err(|error| failed(&error))?;
        request.set_uri(self.url.as_str()).map_err(|error| failed(&error))?;
        for (name, value) in headers.into_iter().chain(signed.headers()) {
            let value = value.to_owned();
            request
                .headers_mut()
                .try_insert(name.to_owned(), value)
                .map_err(|error| failed(&error))?;
        }
        Ok(request)
    }
}

fn failed(reason: &dyn std::fmt::Display) -> SecretError {
    SecretError::Failed(reason.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_tells_the_region_and_its_address() {
        let url = |arn: &str, base: Option<&str>| Secret::new(arn, base).map(|secret| secret.url);
        assert_eq!(
            url("arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf", None).as_deref(),
            Some("https://secretsmanager.eu-west-1.amazonaws.com/")
        );
        assert_eq!(
            url("arn:aws-cn:secretsmanager:cn-north-1:1:secret:db", None).as_deref(),
            Some("https://secretsmanager.cn-north-1.amazonaws.com.cn/")
        );
        let gov = "arn:aws-us-gov:secretsmanager:us-gov-west-1:1:secret:db";
        assert_eq!(url(gov, Some("http://[::1]:9/")).as_deref(), Some("http://[::1]:9/"));
        for wrong in ["db", "arn:aws:s3:eu-west-1:1:secret:x", "arn:aws:secretsmanager::1:secret:x"]
        {
            assert_eq!(url(wrong, None), None, "{wrong}");
        }
    }
}
