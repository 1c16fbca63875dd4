use base64_simd::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;

use super::*;
use crate::domain::provider::GroupRules;

const ISSUER: &str = "https://id.example.com";

fn provider() -> Provider {
    Provider {
        id: uuid::Uuid::nil(),
        name: "sso".to_owned(),
        issuer: ISSUER.to_owned(),
        client_id: "ccag".to_owned(),
        audiences: vec!["native".to_owned()],
        scopes: vec![],
        jwks_url: None,
        user_claim: "sub".to_owned(),
        groups_claim: "groups".to_owned(),
        groups: GroupRules::default(),
        allowed_domains: vec![],
        link_by_email: false,
        auto_provision: true,
        admin_users: vec![],
    }
}

/// A provider's key of one kind: how it signs, and the set that verifies it.
struct Signing {
    algorithm: Algorithm,
    key: EncodingKey,
    jwk: Value,
}

fn signing(algorithm: Algorithm) -> Signing {
    use aws_lc_rs::encoding::AsDer as _;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        Ed25519KeyPair,
    };
    let key = match algorithm.family() {
        AlgorithmFamily::Ec => {
            let curve = match algorithm {
                Algorithm::ES384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
                _ => &ECDSA_P256_SHA256_FIXED_SIGNING,
            };
            let der = EcdsaKeyPair::generate_pkcs8(curve, &SystemRandom::new()).unwrap();
            EncodingKey::from_ec_der(der.as_ref())
        }
        AlgorithmFamily::Ed => {
            let der = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
            EncodingKey::from_ed_der(der.as_ref())
        }
        _ => {
            let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
            let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
            // PKCS #1, which stands within PKCS #8.
            EncodingKey::from_rsa_der(&der.as_ref()[26..])
        }
    };
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&key, algorithm).unwrap()).unwrap();
    jwk["kid"] = json!("k1");
    jwk["use"] = json!("sig");
    Signing { algorithm, key, jwk }
}

impl Signing {
    fn set(&self) -> KeySet {
        KeySet::read(json!({ "keys": [self.jwk] }).to_string().as_bytes()).unwrap()
    }

    fn token(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some("k1".to_owned());
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }

    fn verdict(&self, claims: &Value) -> Result<Claims, Unproven> {
        self.set().verify(&self.token(claims), &provider(), Purpose::SignIn { nonce: "n" })
    }
}

fn good() -> Value {
    let now = Utc::now().timestamp();
    json!({ "iss": ISSUER, "aud": "ccag", "sub": "s-1", "nonce": "n", "iat": now, "exp": now + 300 })
}

fn with(claim: &str, value: Value) -> Value {
    let mut claims = good();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(claim);
    } else {
        claims[claim] = value;
    }
    claims
}

#[test]
fn every_asymmetric_algorithm_is_taken() {
    for algorithm in [
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::EdDSA,
    ] {
        let claims = signing(algorithm).verdict(&good());
        assert_eq!(
            claims.as_ref().map(|claims| claims.subject.as_str()),
            Ok("s-1"),
            "{algorithm:?}: {claims:?}"
        );
    }
}

#[test]
fn what_is_not_signed_or_signed_with_a_public_key_as_secret_is_refused() {
    let key = signing(Algorithm::ES256);
    let verify = |token: &str| key.set().verify(token, &provider(), Purpose::SignIn { nonce: "n" });
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode_to_string(part.to_string());
    for alg in ["none", "None", "NONE", ""] {
        let token = format!("{}.{}.", encode(&json!({ "alg": alg, "kid": "k1" })), encode(&good()));
        assert_eq!(verify(&token), Err(Unproven::Malformed), "{alg}");
    }
    let public = key.jwk["x"].as_str().unwrap();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("k1".to_owned());
    let forged =
        jsonwebtoken::encode(&header, &good(), &EncodingKey::from_secret(public.as_bytes()));
    assert_eq!(verify(&forged.unwrap()), Err(Unproven::Malformed));
    let other = signing(Algorithm::ES256).token(&good());
    assert_eq!(verify(&other), Err(Unproven::Signature));
    let token = key.token(&good());
    let (head, _) = token.rsplit_once('.').unwrap();
    assert!(verify(&format!("{head}.")).is_err() && verify(head).is_err() && verify("").is_err());
    let mut header = Header::new(Algorithm::ES256);
    header.crit = Some(vec!["exp".to_owned()]);
    let critical = jsonwebtoken::encode(&header, &good(), &key.key).unwrap();
    assert_eq!(verify(&critical), Err(Unproven::Malformed));
    header.crit = None;
    header.kid = Some("k2".to_owned());
    let rotated = jsonwebtoken::encode(&header, &good(), &key.key).unwrap();
    assert_eq!(verify(&rotated), Err(Unproven::UnknownKey));
}

#[test]
fn a_shared_secret_in_the_set_is_no_key() {
    let set = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0", "kid": "k1", "alg": "HS256" }] });
    assert!(KeySet::read(set.to_string().as_bytes()).is_none());
    let key = signing(Algorithm::RS256);
    let mut encrypting = key.jwk.clone();
    encrypting["use"] = json!("enc");
    let strange = json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "x" });
    assert!(
        KeySet::read(json!({ "keys": [encrypting, strange] }).to_string().as_bytes()).is_none()
    );
    let mixed = json!({ "keys": [strange, encrypting, key.jwk] }).to_string();
    let set = KeySet::read(mixed.as_bytes()).unwrap();
    assert!(set.verify(&key.token(&good()), &provider(), Purpose::Bearer).is_ok());
}

#[test]
fn a_key_that_is_for_one_algorithm_is_for_no_other() {
    let key = signing(Algorithm::RS256);
    let token = Signing { algorithm: Algorithm::PS256, ..signing(Algorithm::RS256) };
    let token = Signing { key: key.key.clone(), ..token }.token(&good());
    assert_eq!(key.set().verify(&token, &provider(), Purpose::Bearer), Err(Unproven::UnknownKey));
}

#[test]
fn each_claim_must_be_right() {
    let key = signing(Algorithm::ES256);
    let now = Utc::now().timestamp();
    let claim = |name: &str| Unproven::Claim(name.to_owned());
    for (name, value, why) in [
        ("iss", json!("https://evil.test"), Unproven::Audience),
        ("iss", json!([ISSUER]), Unproven::Audience),
        ("iss", json!(null), claim("iss")),
        ("aud", json!("other"), Unproven::Audience),
        ("aud", json!("native"), Unproven::Audience),
        ("aud", json!(["ccag", "other"]), Unproven::Audience),
        ("aud", json!(null), claim("aud")),
        ("azp", json!("other"), Unproven::Audience),
        ("nonce", json!("m"), Unproven::Nonce),
        ("nonce", json!(null), Unproven::Nonce),
        ("exp", json!(now - 120), Unproven::Time),
        ("exp", json!(null), claim("exp")),
        ("exp", json!("tomorrow"), claim("exp")),
        ("nbf", json!(now + 120), Unproven::Time),
        ("iat", json!(now + 120), Unproven::Time),
        ("iat", json!(null), claim("iat")),
        ("sub", json!(null), claim("sub")),
        ("sub", json!(""), claim("sub")),
        ("sub", json!("x".repeat(256)), claim("sub")),
    ] {
        assert_eq!(key.verdict(&with(name, value.clone())), Err(why), "{name}: {value}");
    }
    for (name, value) in
        [("exp", json!(now - 30)), ("nbf", json!(now + 30)), ("azp", json!("ccag"))]
    {
        assert!(key.verdict(&with(name, value.clone())).is_ok(), "{name}: {value}");
    }
}

#[test]
fn an_api_request_may_bring_the_token_of_a_further_audience() {
    let key = signing(Algorithm::ES256);
    let verdict =
        |claims: Value| key.set().verify(&key.token(&claims), &provider(), Purpose::Bearer);
    assert!(verdict(with("aud", json!("native"))).is_ok());
    assert!(verdict(with("nonce", json!(null))).is_ok());
    assert_eq!(verdict(with("aud", json!("other"))), Err(Unproven::Audience));
    let mut shared = with("aud", json!(["native", "other"]));
    assert_eq!(verdict(shared.clone()), Err(Unproven::Audience));
    shared["azp"] = json!("native");
    assert!(verdict(shared).is_ok());
}

#[test]
fn who_it_is_stands_in_one_claim_and_nothing_takes_its_place() {
    let key = signing(Algorithm::ES256);
    let mut provider = provider();
    "oid".clone_into(&mut provider.user_claim);
    let verdict = |claims: &Value| {
        key.set().verify(&key.token(claims), &provider, Purpose::Bearer).map(|c| c.subject)
    };
    let mut claims = with("preferred_username", json!("admin"));
    claims["name"] = json!("admin");
    claims["upn"] = json!("admin");
    assert_eq!(verdict(&claims), Err(Unproven::Claim("oid".to_owned())));
    claims["oid"] = json!("o-1");
    assert_eq!(verdict(&claims), Ok("o-1".to_owned()));
}

#[test]
fn an_address_counts_only_where_it_is_verified() {
    let key = signing(Algorithm::ES256);
    let email = |verified: Value| {
        let mut claims = with("email", json!("ann@example.com"));
        claims["email_verified"] = verified;
        key.verdict(&claims).unwrap().email
    };
    assert_eq!(email(json!(true)).as_deref(), Some("ann@example.com"));
    assert_eq!(email(json!("true")).as_deref(), Some("ann@example.com"));
    for unverified in [json!(false), json!("false"), json!(1), json!({})] {
        assert_eq!(email(unverified.clone()), None, "{unverified}");
    }
    assert_eq!(key.verdict(&with("email", json!("ann@example.com"))).unwrap().email, None);
}

#[test]
fn groups_come_from_their_claim() {
    let key = signing(Algorithm::ES256);
    let mut groups = key.verdict(&with("groups", json!(["a", 1, "b", "a"]))).unwrap().groups;
    groups.sort();
    assert_eq!(groups, ["a", "b"]);
    assert_eq!(key.verdict(&with("groups", json!("a"))).unwrap().groups, ["a"]);
    assert!(key.verdict(&with("groups", json!({ "a": 1 }))).unwrap().groups.is_empty());
}
