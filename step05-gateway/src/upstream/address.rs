//! Where another server is, and the connection to it.

use concurrency::sys;
use static_files::Kept;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// Most octets of a Unix socket's path: the system's `sockaddr_un` has no room for more (unix(7)).
const PATH_LIMIT: usize = 107;

/// Where another server listens: `host:port`, or `unix:/path`.
///
/// ```
/// use gateway::Address;
///
/// let php: Address = "unix:/run/php.sock".parse().unwrap();
/// assert_eq!(php.to_string(), "unix:/run/php.sock");
/// assert!("127.0.0.1".parse::<Address>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A port of some machine. A name is looked up once, when it is read.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

/// Why a text is no [`Address`]: a sentence that says what to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadAddress(String);

impl fmt::Display for BadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadAddress {}

impl Address {
    /// A socket in the file system.
    ///
    /// # Errors
    /// [`BadAddress`] when the path is not absolute, or longer than 107 octets.
    pub fn unix(path: &Path) -> Result<Address, BadAddress> {
        let text = path.display();
        if !path.is_absolute() {
            let sentence = format!("{text} must begin with a slash, as in unix:/run/app.sock");
            return Err(BadAddress(sentence));
        }
        if path.as_os_str().len() > PATH_LIMIT {
            let sentence =
                format!("{text} is too long for a socket; the system allows {PATH_LIMIT} octets");
            return Err(BadAddress(sentence));
        }
        Ok(Address::Unix(path.to_path_buf()))
    }

    /// Begins a connection, without waiting: what is read and written, and the same for a loop that
    /// watches it from one request to the next.
    ///
    /// # Errors
    /// What connecting reports at once; `ResourceBusy` where too many wait to be accepted.
    pub(super) fn connect(&self) -> io::Result<(Arc<Stream>, Kept)> {
        let stream = Arc::new(self.begin()?);
        let kept = Kept::new(Arc::clone(&stream) as Arc<dyn AsFd + Send + Sync>);
        Ok((stream, kept))
    }

    fn begin(&self) -> io::Result<Stream> {
        match self {
            Address::Tcp(addr) => {
                let stream = sys::connect(*addr)?;
                // Requests are written whole; waiting to fill a packet would only delay them.
                stream.set_nodelay(true)?;
                Ok(Stream::Tcp(stream))
            }
            Address::Unix(path) => match sys::connect_unix(path) {
                Ok(stream) => Ok(Stream::Unix(stream)),
                // The queue of those who wait to be accepted is full, and nothing tells when it is
                // not: whoever listens there is overloaded.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    Err(io::ErrorKind::ResourceBusy.into())
                }
                Err(error) => Err(error),
            },
        }
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    /// Reads an address as people write it, and looks a host's name up, which may wait.
    fn from_str(text: &str) -> Result<Address, BadAddress> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Address::unix(Path::new(path));
        }
        let port = text.rsplit_once(':').map(|(_, port)| port);
        if port.is_none_or(|port| port.parse::<u16>().is_err()) {
            let sentence =
                format!("\"{text}\" is no address; write host:port, or unix:/path for a socket");
            return Err(BadAddress(sentence));
        }
        let found = text.to_socket_addrs().ok().and_then(|mut all| all.next());
        let unknown = || BadAddress(format!("no machine is known as {text}; check the name"));
        found.map(Address::Tcp).ok_or_else(unknown)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(addr) => addr.fmt(f),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A connection to another server; nonblocking.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// Whether nothing has come, not even the end. It takes an octet where there is one.
    pub(super) fn is_silent(&self) -> bool {
        let looked = { self }.read(&mut [0]);
        looked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    pub(super) fn close_write(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    pub(super) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.shutdown(how),
            Stream::Unix(stream) => stream.shutdown(how),
        }
    }
}

impl Read for &Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => (&mut &*stream).read(buf),
            Stream::Unix(stream) => (&mut &*stream).read(buf),
        }
    }
}

impl Write for &Stream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => (&mut &*stream).write(data),
            Stream::Unix(stream) => (&mut &*stream).write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Stream::Tcp(stream) => stream.as_fd(),
            Stream::Unix(stream) => stream.as_fd(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_bad(text: &str, expected: &str) {
        let bad = text.parse::<Address>().expect_err(text);
        assert!(bad.to_string().contains(expected), "{text}: {bad}");
    }

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, shown) in [
            ("127.0.0.1:9000", "127.0.0.1:9000"),
            ("[::1]:80", "[::1]:80"),
            ("unix:/run/php.sock", "unix:/run/php.sock"),
        ] {
            let address: Address = text.parse().expect(text);
            assert_eq!(address.to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_address_is_told_with_what_to_write() {
        check_bad("", "write host:port");
        check_bad("9000", "write host:port");
        check_bad("127.0.0.1:", "write host:port");
        check_bad("127.0.0.1:65536", "write host:port");
        check_bad("/run/php.sock", "unix:/path");
        check_bad("unix:run/php.sock", "begin with a slash");
        check_bad(&format!("unix:/{}", "x".repeat(107)), "107 octets");
    }
}
