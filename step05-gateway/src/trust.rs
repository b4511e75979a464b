//! Who is believed when it speaks for somebody else.
//!
//! ```text
//!     192.0.2.7 ──► 10.0.0.2 ──► 10.0.0.1 ──► here       --trust 10.0.0.0/8
//!                                  X-Forwarded-For: 192.0.2.66, 192.0.2.7, 10.0.0.2
//!                                                   └ a lie ┘  └ the client
//! ```
//!
//! Everybody can write that field, and what a client has written arrives in front of what the fronts
//! add. So it is read from its end, for as long as the one who wrote it is trusted: the first who is
//! not is the client. Nobody is trusted unless the operator says so; and a front that is has to set or
//! to remove every one of these fields, or a client speaks through it.

use crate::forwarded::Forwarded;
use http_parse::RequestHead;
use static_files::{Front, Handler, Record, Reply, Request};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// A network of addresses: `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    ip: IpAddr,
    /// Leading bits that all its addresses share; at most the address has.
    bits: u32,
}

/// A text that is no [`Network`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadNetwork;

impl fmt::Display for BadNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a network is an address, or one with its number of bits, as in 10.0.0.0/8")
    }
}

impl std::error::Error for BadNetwork {}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Network, BadNetwork> {
        let (ip, bits) = text
            .split_once('/')
            .map_or((text, None), |(ip, bits)| (ip, Some(bits)));
        let ip: IpAddr = ip.parse().map_err(|_| BadNetwork)?;
        let most = if ip.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| BadNetwork))?;
        let network = Network { ip, bits };
        // An address beyond the bits means another network than it says.
        (bits <= most && network.first() == ip)
            .then_some(network)
            .ok_or(BadNetwork)
    }
}

impl Network {
    /// Whether an address belongs to it; one of IPv4 inside IPv6 is one of IPv4.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_ipv4() == self.ip.is_ipv4() && Network { ip, ..*self }.first() == self.ip
    }

    /// The address with all bits beyond the shared ones zero.
    fn first(&self) -> IpAddr {
        match self.ip {
            IpAddr::V4(ip) => {
                let mask = u32::MAX.checked_shl(32 - self.bits).unwrap_or(0);
                IpAddr::V4((ip.to_bits() & mask).into())
            }
            IpAddr::V6(ip) => {
                let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
                IpAddr::V6((ip.to_bits() & mask).into())
            }
        }
    }
}

/// A [`Handler`] around a site that finds out for whom trusted fronts speak.
#[derive(Clone, Copy)]
pub struct Trusting<'h> {
    site: &'h dyn Handler,
    trusted: &'h [Network],
}

impl<'h> Trusting<'h> {
    /// Answers as `site` does, which sees the client of a trusted front where the front would be.
    pub fn new(trusted: &'h [Network], site: &'h dyn Handler) -> Trusting<'h> {
        Trusting { site, trusted }
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(ip))
    }

    /// The addresses named by somebody who is trusted, the outermost first.
    fn named(&self, peer: IpAddr, said: &Forwarded) -> Vec<IpAddr> {
        let mut named = Vec::new();
        let mut by = peer;
        for hop in said.hops.iter().rev() {
            match hop.addr {
                Some(addr) if self.trusts(by) => by = addr,
                Some(_) | None => break,
            }
            named.insert(0, by);
        }
        named
    }

    /// The same request, as the one of the client that its front speaks for; `None` where there is
    /// no front that may.
    fn believed(&self, request: &Request) -> Option<Request> {
        let ready = request.front.as_deref();
        let addr = ready.map_or(request.peer, |front| front.addr);
        if !self.trusts(addr.ip()) {
            return None;
        }
        let said = Forwarded::read(&request.head.fields);
        let named = self.named(request.peer.ip(), &said);
        let mut request = request.clone();
        // Of what stands in a list for each hop, that counts which the outermost who is trusted has
        // written: of its own client.
        let outermost = said.hops.len().checked_sub(named.len().max(1));
        let outermost = outermost
            .map(|at| said.hops[at].clone())
            .unwrap_or_default();
        let (said_scheme, host) = (
            said.client.scheme.or(outermost.scheme),
            said.client.host.clone().or(outermost.host),
        );
        if let Some(client) = named.first() {
            // Whoever names an address names no port that would mean anything here.
            request.peer = SocketAddr::new(*client, 0);
        }
        let front = Front {
            scheme: said_scheme.unwrap_or(request.scheme()),
            chain: chain(&named),
            host,
            ..Front::new(addr)
        };
        if said_scheme.is_some() || said.port.is_some() {
            let asked = front.host.as_deref();
            let asked = asked.map_or(request.head.host(), str::as_bytes);
            let port = said.port.or(port(asked));
            let default = front.scheme.default_port();
            request.local.set_port(port.unwrap_or(default));
        }
        request.front = Some(Box::new(front));
        Some(request)
    }
}

/// The port in a host that was asked for, if it names one.
fn port(host: &[u8]) -> Option<u16> {
    let colon = host.iter().rposition(|octet| *octet == b':')?;
    std::str::from_utf8(&host[colon + 1..]).ok()?.parse().ok()
}

/// The addresses as X-Forwarded-For has them.
fn chain(named: &[IpAddr]) -> Box<str> {
    let texts: Vec<String> = named.iter().map(IpAddr::to_string).collect();
    texts.join(", ").into()
}

impl Handler for Trusting<'_> {
    fn handle(&self, request: &Request) -> Reply {
        match self.believed(request) {
            Some(believed) => self.site.handle(&believed),
            None => self.site.handle(request),
        }
    }

    /// The line in the log is the client's, too.
    fn record(&self, peer: SocketAddr, head: Option<&RequestHead>) -> Option<Record> {
        let client = match head {
            Some(head) if self.trusts(peer.ip()) => {
                let named = self.named(peer.ip(), &Forwarded::read(&head.fields));
                named.first().map_or(peer, |ip| SocketAddr::new(*ip, 0))
            }
            Some(_) | None => peer,
        };
        self.site.record(client, head)
    }
}

impl fmt::Debug for Trusting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Trusting");
        shown
            .field("trusted", &self.trusted)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_parse::{Framing, Limits, Parsed, parse_request_head};
    use static_files::{Body, Response};

    #[test]
    fn networks_are_read_to_the_letter() {
        for (text, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::/0", "::1", "127.0.0.1"),
            ("127.0.0.0/8", "::ffff:127.0.0.1", "::1"),
            ("192.0.2.4/30", "192.0.2.7", "192.0.2.8"),
        ] {
            let network: Network = text.parse().expect(text);
            let contains = |ip: &str| network.contains(ip.parse().expect("an address"));
            assert!(contains(inside), "{inside} in {text}");
            assert!(!contains(outside), "{outside} in {text}");
        }
        for text in [
            "",
            "10",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.1/8",
            "10.0.0.0/",
            "a/8",
            "1.2.3.4/-1",
        ] {
            assert_eq!(text.parse::<Network>(), Err(BadNetwork), "{text}");
        }
    }

    fn whom(request: &Request) -> Response {
        let chain = request
            .front
            .as_deref()
            .map_or("nobody", |front| &front.chain);
        Response::text(format!(
            "{} {} {} of [{chain}]",
            request.peer,
            request.local.port(),
            request.scheme().as_str()
        ))
    }

    /// Checks whom a site behind 10.0.0.0/8 sees in a request.
    #[track_caller]
    fn check(peer: &str, front: Option<&str>, fields: &str, expected: &str) {
        let fields = fields.replace('\n', "\r\n");
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n")
            .replace("\r\n\r\n\r\n", "\r\n\r\n");
        let parsed = parse_request_head(head.as_bytes(), &Limits::default());
        let Ok(Parsed::Complete(head, _)) = parsed else {
            panic!("{parsed:?}")
        };
        let request = Request {
            head,
            framing: Framing::None,
            peer: peer.parse().expect("an address"),
            local: "10.0.0.9:8080".parse().expect("an address"),
            front: front.map(|addr| Box::new(Front::new(addr.parse().expect("an address")))),
        };
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        let trusting = Trusting::new(&trusted, &whom);
        let Reply::Ready(Response {
            body: Body::Bytes(bytes),
            ..
        }) = trusting.handle(&request)
        else {
            panic!("it is ready")
        };
        assert_eq!(String::from_utf8_lossy(&bytes), expected, "{fields}");
    }

    #[test]
    fn strangers_are_not_believed() {
        let lies = "X-Forwarded-For: 192.0.2.66\nX-Forwarded-Proto: https";
        check(
            "192.0.2.7:5",
            None,
            lies,
            "192.0.2.7:5 8080 http of [nobody]",
        );
    }

    #[test]
    fn a_front_is_believed_as_far_as_those_it_names_are() {
        check("10.0.0.1:5", None, "A: b", "10.0.0.1:5 8080 http of []");
        check(
            "10.0.0.1:5",
            None,
            "X-Forwarded-For: 192.0.2.66, 192.0.2.7, 10.0.0.2",
            "192.0.2.7:0 8080 http of [192.0.2.7, 10.0.0.2]",
        );
        check(
            "[::ffff:10.0.0.1]:5",
            None,
            "Forwarded: for=192.0.2.7;proto=https",
            "192.0.2.7:0 443 https of [192.0.2.7]",
        );
        check(
            "10.0.0.1:5",
            None,
            "X-Forwarded-For: 192.0.2.7, unknown, 10.0.0.2",
            "10.0.0.2:0 8080 http of [10.0.0.2]",
        );
        check(
            "10.0.0.1:5",
            None,
            "Forwarded: for=192.0.2.66;proto=http, for=192.0.2.7;proto=https, for=10.0.0.2;proto=http",
            "192.0.2.7:0 443 https of [192.0.2.7, 10.0.0.2]",
        );
        check(
            "10.0.0.1:5",
            None,
            "Forwarded: proto=http, for=_hidden;proto=https",
            "10.0.0.1:5 443 https of []",
        );
    }

    #[test]
    fn the_port_is_the_one_that_the_client_asked() {
        for (fields, port) in [
            ("X-Forwarded-Proto: https", 443),
            ("X-Forwarded-Proto: https\nX-Forwarded-Host: b:8443", 8443),
            ("X-Forwarded-Proto: https\nX-Forwarded-Host: [::1]", 443),
            ("X-Forwarded-Port: 81", 81),
            ("X-Forwarded-Proto: http", 80),
        ] {
            let scheme = if fields.contains("https") {
                "https"
            } else {
                "http"
            };
            check(
                "10.0.0.1:5",
                None,
                fields,
                &format!("10.0.0.1:5 {port} {scheme} of []"),
            );
        }
    }

    #[test]
    fn a_front_that_speaks_before_http_is_heard_in_fields_only_if_it_is_trusted() {
        let fields = "X-Forwarded-For: 192.0.2.66\nX-Forwarded-Proto: https";
        let stranger = Some("192.0.2.9:1");
        check(
            "192.0.2.7:5",
            stranger,
            fields,
            "192.0.2.7:5 8080 http of []",
        );
        let trusted = Some("10.0.0.1:1");
        check(
            "192.0.2.7:5",
            trusted,
            fields,
            "192.0.2.7:5 443 https of []",
        );
    }
}
