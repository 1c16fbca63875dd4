//! The identity providers' wire (discovery, signing keys, code exchange), what an ID token must prove, and
//! the gateway's own access tokens. Apart from the owner of the live state, so that the rules of the
//! protocol can be read and tested on their own.

pub mod access_token;
pub mod code_flow;
pub mod id_token;
pub mod key_set;
pub mod metadata;
