//! The request-target, in its four forms (RFC 9112 §3.2).

/// Which of the four forms a request-target has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetForm {
    /// `/path?query`
    Origin,
    /// `http://host/path?query`
    Absolute,
    /// `host:port`, for CONNECT only
    Authority,
    /// `*`, for OPTIONS only
    Asterisk,
}

/// A request-target: its octets, and where its parts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    raw: Box<[u8]>,
    form: TargetForm,
}

impl Target {
    /// The octets as they came.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }
    /// Which form it has.
    pub fn form(&self) -> TargetForm {
        self.form
    }
    /// The path, still percent-encoded; `/` for an absolute form without one, empty for `*` and authority form.
    pub fn path(&self) -> &[u8] {
        todo!()
    }
    /// What follows the `?`, still encoded; `None` where there is no `?`.
    pub fn query(&self) -> Option<&[u8]> {
        todo!()
    }
    /// Host and port of an absolute or authority form.
    pub fn authority(&self) -> Option<&[u8]> {
        todo!()
    }
}
