//! HTTP carried out by ranks.
