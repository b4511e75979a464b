//! Why bytes were refused.
//!
//! A refusal says three things: the status for the peer's program, the fault with one sentence
//! for the person behind it, and the offset, so that a tool can put a caret under the octet.
//! Nothing is ever repaired: two programs that repair a message differently disagree about where
//! it ends, and that disagreement is how requests are smuggled past a gateway.

use crate::Status;
use std::fmt;

/// A refusal: the status to answer, the fault, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reject {
    /// The status to answer with.
    pub status: Status,
    /// What is wrong.
    pub fault: Fault,
    /// Offset of the first byte at fault, from the first byte of the message (or of the body).
    pub at: usize,
}

impl Reject {
    /// Makes the refusal of a fault with the status that goes with it.
    pub(crate) fn new(fault: Fault, at: usize) -> Reject {
        Reject {
            status: fault.status(),
            fault,
            at,
        }
    }

    /// Moves the offset, when what was parsed began `by` octets into the message.
    pub(crate) fn shifted(self, by: usize) -> Reject {
        Reject {
            at: self.at.saturating_add(by),
            ..self
        }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at octet {}: {}",
            self.status,
            self.at,
            self.fault.explain()
        )
    }
}

impl std::error::Error for Reject {}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident $status:ident $sentence:literal)*) => {
        /// What is wrong with the bytes a peer sent.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* $name,)*
        }

        impl Fault {
            /// Every fault, for a table of them.
            pub const ALL: &[Fault] = &[$(Fault::$name),*];

            /// Explains it in a sentence for a person, and says what to try.
            pub fn explain(self) -> &'static str {
                match self {
                    $(Fault::$name => $sentence,)*
                }
            }

            /// Returns the status a request with this fault is answered with.
            pub fn status(self) -> Status {
                match self {
                    $(Fault::$name => Status::$status,)*
                }
            }
        }
    };
}

faults! {
    // ----- lines

    /// A line ended in LF alone.
    BareLf BAD_REQUEST
        "A line ended with a newline (LF) alone; in HTTP every line ends with the two octets CR LF, which are written \\r\\n: printf 'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' | nc HOST PORT."
    /// A CR without LF after it.
    BareCr BAD_REQUEST
        "A carriage return (CR) stood without a newline (LF) after it; the two go together, at the end of a line and nowhere else: write \\r\\n."
    /// The first octet was that of a TLS handshake.
    TlsHello BAD_REQUEST
        "This port speaks plain HTTP, and the connection began with a TLS handshake; ask for http:// instead of https://."
    /// More empty lines than are skipped before a request line.
    TooManyEmptyLines BAD_REQUEST
        "Too many empty lines came before the request; begin with the request line: GET / HTTP/1.1."
    /// The input ended inside a head.
    HeadCutOff BAD_REQUEST
        "The input ended before the empty line that ends a request's head; send one more \\r\\n after the last field line."
    /// The input ended inside a body.
    BodyCutOff BAD_REQUEST
        "The input ended before the end of the body; send as many octets as Content-Length says, or the last chunk: 0\\r\\n\\r\\n."

    // ----- request line

    /// Whitespace before, between or after the three parts beyond the two single spaces.
    ExtraWhitespace BAD_REQUEST
        "A request line has exactly one space between its three parts, and none before or after them: GET / HTTP/1.1."
    /// An octet that no method has.
    MethodOctet BAD_REQUEST
        "A request begins with a method, a word of letters such as GET; another octet stood there."
    /// A method longer than the limit.
    MethodTooLong NOT_IMPLEMENTED
        "The method is longer than any this server knows; try GET."
    /// The request line ended after the method.
    TargetMissing BAD_REQUEST
        "The request line ended after the method; say what you ask for, and the version: GET / HTTP/1.1."
    /// A request-target longer than the limit.
    TargetTooLong URI_TOO_LONG
        "The address asked for is longer than this server reads; send long data in a POST instead."
    /// An octet that no request-target has.
    TargetOctet BAD_REQUEST
        "The address has an octet that must be written as a percent-escape, as in /two%20words."
    /// A `#` in the request-target.
    TargetFragment BAD_REQUEST
        "The address has a #; what follows it is for the browser alone and is not sent, and a # in a name is written %23."
    /// A request-target in a form that does not go with the method, or in none of the four.
    TargetForm BAD_REQUEST
        "The address must begin with / or http://; only OPTIONS may ask for *, and only CONNECT for host:port, and it for nothing else."
    /// An absolute form of another scheme than http.
    TargetScheme BAD_REQUEST
        "The address names a scheme that is not http; ask for /path or http://host/path."
    /// An absolute form of https, on a connection that nothing has encrypted.
    TargetSecure MISDIRECTED_REQUEST
        "The address is one of https, and this connection is not encrypted; ask for http:// here, or ask the port that speaks TLS."
    /// An absolute form with a user name.
    TargetUserinfo BAD_REQUEST
        "The address has a user name before its host; HTTP sends that in an Authorization field, never in the address."
    /// A host or port in the request-target that cannot be one.
    TargetAuthority BAD_REQUEST
        "The address names a host or port that cannot be one; try http://example.com/ or http://[::1]:8080/."
    /// No version: the request of HTTP/0.9.
    VersionMissing BAD_REQUEST
        "The request line ends without a version; write GET / HTTP/1.1 and then a Host line."
    /// Something else where the version belongs.
    VersionMalformed BAD_REQUEST
        "After the address comes one space, then the version, HTTP/1.1 in capitals, then the end of the line; a space in an address is written %20."
    /// Another major version than 1.
    VersionUnsupported HTTP_VERSION_NOT_SUPPORTED
        "This server speaks HTTP/1.1 and HTTP/1.0 alone; write GET / HTTP/1.1."

    // ----- status line

    /// A response that does not begin with a status line.
    StatusLine BAD_REQUEST
        "A response begins with a line such as HTTP/1.1 200 OK; something else stood there."

    // ----- field lines

    /// Whitespace between start line and first field line.
    LeadingWhitespace BAD_REQUEST
        "The line after the first begins with a space; field lines begin with their name: Host: example.com."
    /// A field line continued on the next.
    ObsFold BAD_REQUEST
        "A line begins with a space, which once meant that it continues the line above; write the field on one line."
    /// A field line without a colon.
    ColonMissing BAD_REQUEST
        "A field line has no colon; write Name: value, and send an empty line, \\r\\n, after the last field."
    /// A field line without a name.
    FieldNameEmpty BAD_REQUEST
        "A field line begins with its colon; a name must come before it: Name: value."
    /// Whitespace in a field name or before the colon.
    FieldNameSpace BAD_REQUEST
        "A space or tab stands in a field's name or before the colon; write Name: value, the colon right after the name."
    /// An octet that no field name has.
    FieldNameOctet BAD_REQUEST
        "A field's name has an octet that no name has; names are made of letters, digits and hyphens."
    /// A control character in a field value.
    FieldValueOctet BAD_REQUEST
        "A field's value has a control character; only text and tabs may stand there."
    /// A field line longer than the limit.
    FieldLineTooLong REQUEST_HEADER_FIELDS_TOO_LARGE
        "A field line is longer than this server reads; if you are a browser, try again without this site's cookies."
    /// A field section longer than the limit.
    SectionTooLong REQUEST_HEADER_FIELDS_TOO_LARGE
        "The fields together are longer than this server reads; if you are a browser, try again without this site's cookies."
    /// More field lines than the limit.
    TooManyFields REQUEST_HEADER_FIELDS_TOO_LARGE
        "There are more field lines than this server reads; send fewer."

    // ----- what fields mean

    /// No Host in HTTP/1.1.
    HostMissing BAD_REQUEST
        "An HTTP/1.1 request names the host it asks, because one address serves many; add a line such as Host: example.com."
    /// More than one Host.
    HostRepeated BAD_REQUEST
        "There is more than one Host line, so two readers could see two different requests; send one."
    /// A Host that cannot be one.
    HostInvalid BAD_REQUEST
        "The Host line does not name a host; write Host: example.com, or with a port, Host: example.com:8080."
    /// A Content-Length that is no number.
    LengthInvalid BAD_REQUEST
        "Content-Length is not a number; it counts the octets of the body in digits alone: Content-Length: 5."
    /// A Content-Length that no counter holds.
    LengthTooLarge BAD_REQUEST
        "Content-Length is larger than any number this server can count to; it counts the octets of the body: Content-Length: 5."
    /// More than one Content-Length.
    LengthRepeated BAD_REQUEST
        "There is more than one Content-Length, so two readers could see two different bodies; send one."
    /// Content-Length beside Transfer-Encoding.
    LengthWithCoding BAD_REQUEST
        "Content-Length and Transfer-Encoding both say where the body ends, so two readers could see two different bodies; send one of them."
    /// A transfer coding other than chunked.
    CodingUnknown NOT_IMPLEMENTED
        "This server knows no transfer coding but chunked; write Transfer-Encoding: chunked, or Content-Length."
    /// Chunked more than once, or not as the last coding.
    CodingOrder BAD_REQUEST
        "Transfer-Encoding must be chunked, once, and nothing after it; otherwise nobody can tell where the body ends."
    /// A Transfer-Encoding with an empty member, or with none.
    CodingEmpty BAD_REQUEST
        "Transfer-Encoding has an empty place in its list; write Transfer-Encoding: chunked."
    /// Transfer-Encoding in HTTP/1.0, which has none.
    CodingInHttp10 BAD_REQUEST
        "HTTP/1.0 has no Transfer-Encoding, so a reader on the way may have seen another body; send HTTP/1.1, or Content-Length."
    /// An expectation other than 100-continue.
    ExpectationUnknown EXPECTATION_FAILED
        "This server can meet no expectation but 100-continue; leave the Expect line out."

    // ----- chunks

    /// Something else where a chunk size in hexadecimal digits belongs.
    ChunkSize BAD_REQUEST
        "A chunk begins with its size in hexadecimal digits, then \\r\\n; something else stood there. Five octets are: 5\\r\\nhello\\r\\n."
    /// A chunk size that no counter holds.
    ChunkSizeTooLarge BAD_REQUEST
        "A chunk's size is larger than any number this server can count to; five octets are: 5\\r\\nhello\\r\\n."
    /// A chunk-size line longer than the limit.
    ChunkLineTooLong BAD_REQUEST
        "The line with a chunk's size is longer than this server reads; send the size alone: 5\\r\\nhello\\r\\n."
    /// A control character in a chunk extension.
    ChunkExtension BAD_REQUEST
        "After a chunk's size stands a control character; only the size, or ;name=value after it, may stand there."
    /// More chunk extensions than the limit.
    ChunkExtensionsTooLong BAD_REQUEST
        "The extensions after the chunks' sizes are longer than this server reads; send the sizes alone."
    /// A chunk not followed by CR LF.
    ChunkEnd BAD_REQUEST
        "A chunk's content is not followed by \\r\\n; either that is missing or the size is wrong. Five octets are: 5\\r\\nhello\\r\\n."
    /// A field in the trailer section that must stand in the head.
    TrailerForbidden BAD_REQUEST
        "A field after the body would change how the request is read or to whom it goes; it must stand before the body."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_explained_in_whole_sentences() {
        for fault in Fault::ALL {
            let sentence = fault.explain();
            assert!(sentence.ends_with('.'), "{fault:?}: {sentence}");
            assert!(sentence.is_ascii(), "{fault:?}: {sentence}");
            assert!(sentence.len() > 40, "{fault:?}: {sentence}");
        }
    }

    #[test]
    fn a_refusal_tells_status_place_and_sentence() {
        let told = Reject::new(Fault::TargetFragment, 7).to_string();
        let expected = format!(
            "400 Bad Request at octet 7: {}",
            Fault::TargetFragment.explain()
        );
        assert_eq!(told, expected);
    }

    #[test]
    fn every_fault_is_answered_with_an_error() {
        for fault in Fault::ALL {
            assert!(fault.status() >= Status::BAD_REQUEST, "{fault:?}");
        }
    }
}
