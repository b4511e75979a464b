//! The PROXY protocol: what a front says of its client before the client's first octet.
//!
//! ```text
//!     version 1   PROXY TCP4 192.0.2.7 192.0.2.1 40000 443\r\n
//!     version 2   signature:12  0x21  family:1  length:2  addresses  further values
//! ```
//!
//! A front that only moves octets (TLS taken off, or not) cannot add a field to a request. So it
//! says once for each connection from where that comes. Whether a listener expects this is
//! configured and never guessed: guessing would let every client say who it is. And where it is
//! expected, a connection without it is none.
//!
//! Of the values behind the addresses only the one about TLS is understood.
//!
//! Source: the PROXY protocol, versions 1 and 2 (HAProxy, `doc/proxy-protocol.txt`)

use http_parse::Parsed;
use static_files::Scheme;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Most octets of a preface. Addresses take 52; the rest is for what a front says about TLS.
pub const PREFACE_LIMIT: usize = 4096;

/// Most octets of version 1, as its text promises.
const LINE_LIMIT: usize = 107;

/// What version 2 begins with: octets that no other protocol's first line has.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// Octets of version 2 before its addresses.
const FIXED: usize = 16;

/// What was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preface {
    /// The front opened the connection for somebody.
    Client {
        /// The client's end of its connection to the front.
        peer: SocketAddr,
        /// The front's end of it.
        local: SocketAddr,
        /// Whether that is encrypted, as far as the front says.
        scheme: Scheme,
    },
    /// It opened the connection for itself, to see whether we are well; or it does not know.
    Front,
}

/// What was said is no preface: the connection has to be closed, without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPreface;

impl fmt::Display for NoPreface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection does not begin as the PROXY protocol says")
    }
}

impl std::error::Error for NoPreface {}

/// Reads a preface from the front of `bytes`; `Complete` tells how many octets it took.
///
/// # Errors
/// [`NoPreface`], as soon as no further octet could make it one.
///
/// Source: the PROXY protocol §2
pub fn parse_preface(bytes: &[u8]) -> Result<Parsed<Preface>, NoPreface> {
    const WORD: &[u8] = b"PROXY ";
    let begins = |with: &[u8]| bytes.iter().zip(with).all(|(one, other)| one == other);
    if begins(WORD) {
        return version_1(bytes);
    }
    if begins(&SIGNATURE) {
        return version_2(bytes);
    }
    Err(NoPreface)
}

fn version_1(bytes: &[u8]) -> Result<Parsed<Preface>, NoPreface> {
    let window = &bytes[..bytes.len().min(LINE_LIMIT)];
    let Some(end) = window.windows(2).position(|two| two == b"\r\n") else {
        return match window.len() {
            LINE_LIMIT => Err(NoPreface),
            _ => Ok(Parsed::Partial),
        };
    };
    let line = std::str::from_utf8(&window[..end]).map_err(|_| NoPreface)?;
    let preface = match line.split(' ').collect::<Vec<_>>()[..] {
        ["PROXY", "UNKNOWN", ..] => Preface::Front,
        ["PROXY", "TCP4", peer, local, from, to] => client::<Ipv4Addr>([peer, from], [local, to])?,
        ["PROXY", "TCP6", peer, local, from, to] => client::<Ipv6Addr>([peer, from], [local, to])?,
        _ => return Err(NoPreface),
    };
    Ok(Parsed::Complete(preface, end + 2))
}

/// Version 1 knows nothing of TLS.
fn client<A>(peer: [&str; 2], local: [&str; 2]) -> Result<Preface, NoPreface>
where
    A: std::str::FromStr + Into<IpAddr>,
{
    let addr = |[ip, port]: [&str; 2]| {
        let ip: A = ip.parse().ok()?;
        let digits = port.bytes().all(|octet| octet.is_ascii_digit());
        let port = port.parse().ok().filter(|_| digits)?;
        Some(SocketAddr::new(ip.into(), port))
    };
    Ok(Preface::Client {
        peer: addr(peer).ok_or(NoPreface)?,
        local: addr(local).ok_or(NoPreface)?,
        scheme: Scheme::Http,
    })
}

fn version_2(bytes: &[u8]) -> Result<Parsed<Preface>, NoPreface> {
    let Some(fixed) = bytes.first_chunk::<FIXED>() else {
        return Ok(Parsed::Partial);
    };
    let [command, family] = [fixed[12], fixed[13]];
    let len = FIXED + usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    if len > PREFACE_LIMIT {
        return Err(NoPreface);
    }
    let Some(said) = bytes.get(FIXED..len) else {
        return Ok(Parsed::Partial);
    };
    let preface = match (command, family) {
        // LOCAL, whatever else is said; and PROXY without an address of the Internet.
        (0x20, _) | (0x21, 0x00 | 0x31) => Preface::Front,
        (0x21, 0x11) => addresses::<4>(said)?,
        (0x21, 0x21) => addresses::<16>(said)?,
        _ => return Err(NoPreface),
    };
    Ok(Parsed::Complete(preface, len))
}

/// Two addresses of `N` octets, two ports, further values.
fn addresses<const N: usize>(said: &[u8]) -> Result<Preface, NoPreface>
where
    IpAddr: From<[u8; N]>,
{
    let (peer, rest) = said.split_first_chunk::<N>().ok_or(NoPreface)?;
    let (local, rest) = rest.split_first_chunk::<N>().ok_or(NoPreface)?;
    let (from, rest) = rest.split_first_chunk::<2>().ok_or(NoPreface)?;
    let (to, values) = rest.split_first_chunk::<2>().ok_or(NoPreface)?;
    let addr = |ip: &[u8; N], port: &[u8; 2]| {
        SocketAddr::new(IpAddr::from(*ip), u16::from_be_bytes(*port))
    };
    Ok(Preface::Client {
        peer: addr(peer, from),
        local: addr(local, to),
        scheme: scheme(values)?,
    })
}

/// Looks for the value about TLS (PP2_TYPE_SSL); its first octet has a bit for "encrypted".
fn scheme(mut values: &[u8]) -> Result<Scheme, NoPreface> {
    const ABOUT_TLS: u8 = 0x20;
    const ENCRYPTED: u8 = 0x01;
    let mut scheme = Scheme::Http;
    while let Some((kind, rest)) = values.split_first() {
        let (len, rest) = rest.split_first_chunk::<2>().ok_or(NoPreface)?;
        let len = usize::from(u16::from_be_bytes(*len));
        let (value, rest) = rest.split_at_checked(len).ok_or(NoPreface)?;
        if *kind == ABOUT_TLS && value.first().is_some_and(|flags| flags & ENCRYPTED != 0) {
            scheme = Scheme::Https;
        }
        values = rest;
    }
    Ok(scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, local: &str, scheme: Scheme) -> Preface {
        Preface::Client {
            peer: peer.parse().expect("an address"),
            local: local.parse().expect("an address"),
            scheme,
        }
    }

    /// Checks a preface in front of other octets, and that every part of it is `Partial`.
    #[track_caller]
    fn check(preface: &[u8], expected: Preface) {
        for end in 0..preface.len() {
            assert_eq!(parse_preface(&preface[..end]), Ok(Parsed::Partial), "{end}");
        }
        let whole = [preface, b"GET / HTTP/1.1\r\n"].concat();
        let taken = preface.len();
        assert_eq!(parse_preface(&whole), Ok(Parsed::Complete(expected, taken)));
    }

    #[track_caller]
    fn check_bad(bytes: &[u8]) {
        assert_eq!(
            parse_preface(bytes),
            Err(NoPreface),
            "{}",
            bytes.escape_ascii()
        );
    }

    fn second(command: u8, family: u8, said: &[u8]) -> Vec<u8> {
        let len = u16::try_from(said.len()).expect("short").to_be_bytes();
        [&SIGNATURE[..], &[command, family], &len, said].concat()
    }

    const FOUR: [u8; 12] = [192, 0, 2, 7, 192, 0, 2, 1, 0x9c, 0x40, 1, 0xbb];

    #[test]
    fn version_1_names_both_ends() {
        check(
            b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 443\r\n",
            client("192.0.2.7:40000", "192.0.2.1:443", Scheme::Http),
        );
        check(
            b"PROXY TCP6 2001:db8::7 2001:db8::1 40000 80\r\n",
            client("[2001:db8::7]:40000", "[2001:db8::1]:80", Scheme::Http),
        );
        check(b"PROXY UNKNOWN\r\n", Preface::Front);
        check(b"PROXY UNKNOWN ffff::1 whatever 1 2\r\n", Preface::Front);
    }

    #[test]
    fn version_1_is_read_to_the_letter() {
        for line in [
            "PROXY TCP4 192.0.2.7 192.0.2.1 40000\r\n",
            "PROXY TCP4 192.0.2.7 192.0.2.1 40000 443 \r\n",
            "PROXY TCP4  192.0.2.7 192.0.2.1 40000 443\r\n",
            "PROXY TCP4 192.0.2.07 192.0.2.1 40000 443\r\n",
            "PROXY TCP4 192.0.2.7 192.0.2.1 +4 443\r\n",
            "PROXY TCP4 192.0.2.7 192.0.2.1 65536 443\r\n",
            "PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n",
            "PROXY TCP5 192.0.2.7 192.0.2.1 40000 443\r\n",
            "proxy TCP4 192.0.2.7 192.0.2.1 40000 443\r\n",
            "GET / HTTP/1.1\r\n",
            "X",
        ] {
            check_bad(line.as_bytes());
        }
    }

    #[test]
    fn a_line_of_the_limit_is_taken_and_one_octet_more_is_not() {
        let start = "PROXY UNKNOWN ";
        let filling = LINE_LIMIT - start.len() - 2;
        let line = |filling| format!("{start}{}\r\n", "x".repeat(filling));
        check(line(filling).as_bytes(), Preface::Front);
        check_bad(line(filling + 1).as_bytes());
    }

    #[test]
    fn version_2_names_both_ends_and_what_is_beyond_is_passed_over() {
        let plain = client("192.0.2.7:40000", "192.0.2.1:443", Scheme::Http);
        check(&second(0x21, 0x11, &FOUR), plain);
        let with_alpn = [&FOUR[..], &[1, 0, 2, b'h', b'2']].concat();
        check(&second(0x21, 0x11, &with_alpn), plain);
        let six = [&[0x20, 1][..], &[0; 13], &[7], &[0; 15], &[1], &FOUR[8..]].concat();
        check(
            &second(0x21, 0x21, &six),
            client("[2001::7]:40000", "[::1]:443", Scheme::Http),
        );
    }

    #[test]
    fn version_2_may_tell_of_tls() {
        for (flags, scheme) in [
            (0x01, Scheme::Https),
            (0x07, Scheme::Https),
            (0x00, Scheme::Http),
        ] {
            let values = [&FOUR[..], &[0x04, 0, 0, 0x20, 0, 5, flags, 0, 0, 0, 0]].concat();
            check(
                &second(0x21, 0x11, &values),
                client("192.0.2.7:40000", "192.0.2.1:443", scheme),
            );
        }
    }

    #[test]
    fn a_front_may_speak_for_itself() {
        check(&second(0x20, 0x00, b""), Preface::Front);
        check(&second(0x20, 0x11, &FOUR), Preface::Front);
        check(&second(0x21, 0x00, b"anything"), Preface::Front);
        check(&second(0x21, 0x31, &[0; 216]), Preface::Front);
    }

    #[test]
    fn version_2_is_read_to_the_letter() {
        check_bad(&second(0x21, 0x11, &FOUR[..11]));
        check_bad(&second(0x21, 0x21, &FOUR));
        check_bad(&second(0x31, 0x11, &FOUR));
        check_bad(&second(0x22, 0x11, &FOUR));
        check_bad(&second(0x21, 0x12, &FOUR));
        check_bad(&second(0x21, 0x11, &[&FOUR[..], &[1, 0, 9]].concat()));
        check_bad(b"\r\n\r\n\0\r\nQUIX");
        check(
            &second(0x20, 0, &[0; PREFACE_LIMIT - FIXED]),
            Preface::Front,
        );
        check_bad(&second(0x20, 0, &[0; PREFACE_LIMIT - FIXED + 1]));
    }
}
