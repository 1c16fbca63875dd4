//! `TLS_CERT`, `TLS_KEY`, `TLS_PORT`, `TLS_SELF_SIGNED`: HTTPS by the gateway itself, beside plain HTTP.

use std::net::IpAddr;
use std::path::PathBuf;

use super::environment::Environment;

/// A port above those that only root may take.
const PORT: u64 = 8443;

/// HTTPS by the gateway itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// What to show to clients.
    pub certificate: TlsCertificate,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsCertificate {
    /// Files that somebody else writes, and may write anew at any time.
    Files {
        /// The certificate and those that lead to its root, as PEM.
        chain: PathBuf,
        /// Its private key, as PEM.
        key: PathBuf,
    },
    /// One for this machine alone, made by the gateway.
    SelfSigned,
}

impl TlsConfig {
    pub(super) fn read(environment: &mut Environment<'_>, host: Option<IpAddr>) -> Option<Self> {
        let chain = environment.text("TLS_CERT").map(PathBuf::from);
        let key = environment.text("TLS_KEY").map(PathBuf::from);
        let self_signed = environment.flag("TLS_SELF_SIGNED") == Some(true);
        let port = environment.number("TLS_PORT", 0..=65_535, PORT);
        let certificate = match (chain, key, self_signed) {
            (Some(chain), Some(key), false) => TlsCertificate::Files { chain, key },
            (None, None, true) => TlsCertificate::SelfSigned,
            (None, None, false) => {
                if environment.text("TLS_PORT").is_some() {
                    environment.problem(
                        "TLS_PORT is set, but there is no certificate: set TLS_CERT and TLS_KEY, or \
                         TLS_SELF_SIGNED=true.",
                    );
                }
                return None;
            }
            (chain, _, false) => {
                let (set, missing) = match chain {
                    Some(_) => ("TLS_CERT", "TLS_KEY"),
                    None => ("TLS_KEY", "TLS_CERT"),
                };
                environment.problem(format!("{set} is set, but {missing} is not: set both."));
                return None;
            }
            (_, _, true) => {
                environment.problem(
                    "TLS_SELF_SIGNED is true, but TLS_CERT or TLS_KEY is set: set one or the other.",
                );
                return None;
            }
        };
        if certificate == TlsCertificate::SelfSigned && host.is_some_and(|host| !host.is_loopback())
        {
            environment.problem(
                "TLS_SELF_SIGNED is true, but PROXY_HOST is not this machine alone: other machines \
                 cannot verify such a certificate, so set TLS_CERT and TLS_KEY.",
            );
        }
        Some(Self { port: u16::try_from(port).unwrap_or(0), certificate })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)], host: &str) -> (Option<TlsConfig>, Vec<String>) {
        let look = |name: &str| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        };
        let mut environment = Environment::new(&look);
        let config = TlsConfig::read(&mut environment, host.parse().ok());
        (config, environment.into_problems())
    }

    #[test]
    fn files_or_a_certificate_of_its_own_turn_tls_on() {
        assert_eq!(read(&[], "0.0.0.0"), (None, vec![]));
        let (config, problems) =
            read(&[("TLS_CERT", "/c.pem"), ("TLS_KEY", "/k.pem"), ("TLS_PORT", "443")], "0.0.0.0");
        assert_eq!((config.unwrap().port, problems), (443, vec![]));
        let (config, problems) = read(&[("TLS_SELF_SIGNED", "true")], "127.0.0.1");
        let expected = TlsConfig { port: 8443, certificate: TlsCertificate::SelfSigned };
        assert_eq!((config, problems), (Some(expected), vec![]));
    }

    #[test]
    fn what_does_not_go_together_is_named() {
        let own = ("TLS_SELF_SIGNED", "true");
        for (variables, host, named) in [
            (&[("TLS_CERT", "/c")][..], "::1", "TLS_KEY is not"),
            (&[("TLS_KEY", "/k")], "::1", "TLS_CERT is not"),
            (&[("TLS_PORT", "443")], "::1", "TLS_CERT and TLS_KEY"),
            (&[own, ("TLS_CERT", "/c"), ("TLS_KEY", "/k")], "::1", "one or the other"),
            (&[own], "0.0.0.0", "PROXY_HOST"),
        ] {
            let (_, problems) = read(variables, host);
            assert_eq!(problems.len(), 1, "{variables:?}: {problems:?}");
            assert!(problems[0].contains(named), "{problems:?}");
        }
    }
}
