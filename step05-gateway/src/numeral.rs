//! Numbers and addresses as octets, behind others.
//!
//! Every request that is handed on tells two addresses and two ports. The machinery of `fmt` can do
//! that too, at the cost of a good part of all that a proxy does for a request.

use std::io::Write as _;
use std::net::IpAddr;

/// Appends a number in decimal.
pub(crate) fn push_decimal(number: u64, out: &mut Vec<u8>) {
    // As many as the longest number has.
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).expect("a digit is below ten");
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends an address as people write it; one of IPv4 that came as IPv6 is one of IPv4.
pub(crate) fn push_ip(ip: IpAddr, out: &mut Vec<u8>) {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [first, rest @ ..] = ip.octets();
            push_decimal(first.into(), out);
            for octet in rest {
                out.push(b'.');
                push_decimal(octet.into(), out);
            }
        }
        IpAddr::V6(ip) => write!(out, "{ip}").expect("a vector takes every octet"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_fmt_writes_them() {
        for number in [0, 7, 10, 255, 65_535, 1 << 32, u64::MAX] {
            let mut out = b"n=".to_vec();
            push_decimal(number, &mut out);
            assert_eq!(out, format!("n={number}").into_bytes());
        }
    }

    #[test]
    fn addresses_are_written_as_fmt_writes_them() {
        for (ip, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("0.10.200.255", "0.10.200.255"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
        ] {
            let mut out = Vec::new();
            push_ip(ip.parse().expect("an address"), &mut out);
            assert_eq!(out, expected.as_bytes());
        }
    }
}
