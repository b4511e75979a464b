//! What a kept connection costs while nobody asks anything: octets of the server's own memory.
//!
//! The kernel's part, some kibibytes for a socket, is the same for all.

use crate::contender::Contender;
use crate::machine::Cores;
use crate::{Outcome, field, nginx};
use check::{Asked, Client, TempFolder, process};

/// Connections, fewer where the system does not allow so many descriptors.
const IDLE: u64 = 10_000;

/// Descriptors that are needed for other things.
const SPARE: u64 = 500;

/// Octets for one connection.
pub(crate) struct Weight {
    pub(crate) name: String,
    pub(crate) octets: u64,
}

pub(crate) fn weigh(folder: &TempFolder) -> Outcome<Vec<Weight>> {
    let (name, settings) = nginx::CONFIGURATIONS[0];
    let servers = [
        field::ours(Cores::OneEach, folder)?,
        nginx::start(name, settings, Cores::OneEach, folder)?,
    ];
    let weight = |server: &Contender| {
        Ok(Weight {
            name: server.name.clone(),
            octets: weigh_one(server)?,
        })
    };
    servers.iter().map(weight).collect()
}

fn weigh_one(server: &Contender) -> Outcome<u64> {
    let number = IDLE.min(process::descriptor_limit()?.saturating_sub(SPARE));
    // What the first connections bring into memory is not the price of the others.
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(open(server)?);
    }
    let before = anonymous(server)?;
    for _ in 0..number {
        clients.push(open(server)?);
    }
    Ok(anonymous(server)?.saturating_sub(before) / number)
}

/// A connection that has had one answer.
fn open(server: &Contender) -> Outcome<Client> {
    let mut client = Client::connect(server.addr())?;
    client.send(b"GET /1024.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let answer = client.read_answer(Asked::Other)?;
    match answer.status {
        200 => Ok(client),
        status => Err(format!("{}: {status}", server.name).into()),
    }
}

fn anonymous(server: &Contender) -> Outcome<u64> {
    let mut sum = 0;
    for pid in server.processes()? {
        sum += process::memory(pid)?.anonymous;
    }
    Ok(sum)
}
