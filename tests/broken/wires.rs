//! The course's own server of step 5 before an application on four wires, with a word put in before it
//! asks.

use concurrency::{SERVERS, stop_on_signals};
use gateway::{
    Address, Capacity, Cgi, Complaints, Prefix, Programs, Remote, Routes, Upstream, Words,
};
use socket::Stop;
use static_files::{Config, Files, Handler, Reply, Request};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

/// Asks wrongly, or hands a request on.
pub(crate) type Ask = fn(&Routes, &Request) -> Reply;

/// Hands everything on.
pub(crate) fn right(site: &Routes, request: &Request) -> Reply {
    site.handle(request)
}

pub(crate) fn serve(
    listener: &TcpListener,
    [root, programs]: [&Path; 2],
    [fastcgi, scgi, uwsgi]: [SocketAddr; 3],
    ask: Ask,
) -> io::Result<()> {
    let prefix = |text: &str| text.parse::<Prefix>().map_err(io::Error::other);
    let complaints = Complaints::new()?;
    let mut site = Routes::new(Files::new(root)?);
    let running = Programs::new(Programs::LIMIT)?;
    site.mount(
        prefix("/cgi")?,
        Cgi::new(prefix("/cgi")?, programs, &running)?,
    );
    for (path, words, addr) in [
        ("/fastcgi", Words::FastCgi, fastcgi),
        ("/scgi", Words::Scgi, scgi),
        ("/uwsgi", Words::Uwsgi, uwsgi),
    ] {
        let addresses = vec![Address::Tcp(addr)];
        let upstream = Upstream::new(addresses, Capacity::default(), &complaints);
        let remote = Remote::new(prefix(path)?, root, words, &upstream);
        site.mount(prefix(path)?, remote);
    }
    let stop = Arc::new(Stop::new());
    stop_on_signals(Arc::clone(&stop))?;
    let handler = |request: &Request| ask(&site, request);
    // A thread for each guest, as where programs are run.
    (SERVERS[1].1)(listener, &handler, &Config::default(), &stop)
}
