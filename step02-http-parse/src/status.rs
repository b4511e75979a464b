//! Status codes.

/// A status code, 100 to 999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(u16);

impl Status {
    /// 200
    pub const OK: Status = Status(200);
    // … one constant for every registered code this course uses
    /// Checks a number; `None` outside 100 to 999.
    pub fn new(code: u16) -> Option<Status> {
        (100..1000).contains(&code).then_some(Status(code))
    }
    /// The number.
    pub fn code(self) -> u16 {
        self.0
    }
    /// The registered reason phrase; empty for a code without one.
    pub fn reason(self) -> &'static str {
        todo!()
    }
}
