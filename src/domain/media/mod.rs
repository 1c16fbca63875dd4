//! Sizes of images and documents, read from as few of their bytes as tell them. Whatever cannot be
//! read has no size here: judging such files is the upstream's business.

pub mod image;
pub mod pdf;
