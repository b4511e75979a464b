//! A client that comes from an address of one's choice: one machine is many neighbours then.

use crate::client::Client;
use crate::trouble::Trouble;
use concurrency::sys::{self, Interest, Pollable};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// What a connection has when it stands.
const ROOM: Interest = Interest {
    read: false,
    write: true,
};

impl Client {
    /// Connects from an address of this machine; of 127.0.0.0/8 it has all.
    ///
    /// # Errors
    /// [`Trouble::Connect`].
    pub fn connect_from(
        local: IpAddr,
        addr: SocketAddr,
        patience: Duration,
    ) -> Result<Client, Trouble> {
        let stream = connect(local, addr, patience).map_err(Trouble::Connect)?;
        Client::on(stream, patience)
    }
}

fn connect(local: IpAddr, addr: SocketAddr, patience: Duration) -> io::Result<TcpStream> {
    let stream = sys::connect_from(local, addr)?;
    let now = Instant::now();
    let mut fds = [Pollable::new(stream.as_fd(), ROOM)];
    sys::poll(&mut fds, now, Some(now + patience))?;
    // It has none where the connection was refused, or does not stand yet.
    stream.peer_addr()?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}
