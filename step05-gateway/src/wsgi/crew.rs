//! A set of workers that were started together, and the thread that sees to them.
//!
//! ```text
//!     start ─► every worker has loaded the application ─► thread: ends, hanging, pauses
//!     end ─► the thread ends ─► SIGTERM
//! ```
//!
//! The thread learns of the end of a worker from the kernel, and of one that hangs from whoever asked
//! it in vain. It is the only one that starts and ends workers.

use super::Application;
use super::folder::SocketFolder;
use super::post::Post;
use crate::program::Programs;
use concurrency::sys::{self, Interest, Pollable};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// Workers, one to a socket.
#[derive(Debug)]
pub(super) struct Crew {
    sockets: Vec<PathBuf>,
    orders: Arc<Orders>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is told.
#[derive(Debug)]
struct Orders {
    list: Mutex<List>,
    /// An octet here wakes the thread.
    bell: PipeWriter,
}

#[derive(Debug)]
struct List {
    /// For each worker: whether it has not answered in time.
    hung: Vec<bool>,
    is_over: bool,
}

impl Crew {
    /// Starts the workers, and waits until each has loaded the application.
    ///
    /// # Errors
    /// `InvalidInput` when the application cannot be loaded (the worker has said why), `TimedOut` when
    /// that takes too long; what starting them reports.
    pub(super) fn start(application: Application, programs: &Arc<Programs>) -> io::Result<Crew> {
        let (folder, application) = (SocketFolder::new()?, Arc::new(application));
        let open = |_| Post::open(&application, programs, &folder);
        let mut posts: Vec<Post> = (0..application.workers)
            .map(open)
            .collect::<io::Result<_>>()?;
        posts.iter_mut().try_for_each(Post::wait_until_loaded)?;
        let sockets = posts.iter().map(|post| post.path().to_path_buf()).collect();
        let (woken, bell) = io::pipe()?;
        sys::set_nonblocking(woken.as_fd())?;
        sys::set_nonblocking(bell.as_fd())?;
        let list = Mutex::new(List {
            hung: vec![false; posts.len()],
            is_over: false,
        });
        let orders = Arc::new(Orders { list, bell });
        let for_thread = Arc::clone(&orders);
        let run = move || {
            see_to(&mut posts, &for_thread, &woken);
            // In this order: the sockets, and then the folder they are in.
            drop(posts);
            drop(folder);
        };
        let thread = thread::Builder::new().name("wsgi".to_owned()).spawn(run)?;
        Ok(Crew {
            sockets,
            orders,
            thread: Some(thread),
        })
    }

    /// Where the workers can be reached.
    pub(super) fn sockets(&self) -> &[PathBuf] {
        &self.sockets
    }

    /// Takes notes of workers that have not answered in time; they are replaced.
    pub(super) fn hung(&self) -> impl Fn(usize) + Send + Sync + use<> {
        let orders = Arc::clone(&self.orders);
        move |worker| {
            if let Some(has_hung) = orders.list().hung.get_mut(worker) {
                *has_hung = true;
            }
            orders.ring();
        }
    }
}

impl Drop for Crew {
    /// Asks the workers to end, and sees to it that they do.
    fn drop(&mut self) {
        self.orders.list().is_over = true;
        self.orders.ring();
        if let Some(thread) = self.thread.take() {
            // Were the thread to have panicked, its message has been printed.
            let _ = thread.join();
        }
    }
}

impl Orders {
    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        // A full pipe is no loss: the octets in it will wake the thread.
        let _ = (&self.bell).write(&[0]);
    }
}

/// The thread.
fn see_to(posts: &mut [Post], orders: &Orders, woken: &PipeReader) {
    loop {
        let now = Instant::now();
        {
            let mut list = orders.list();
            if list.is_over {
                return;
            }
            for (has_hung, post) in list.hung.iter_mut().zip(&mut *posts) {
                if std::mem::take(has_hung) {
                    post.replace_hung(now);
                }
            }
        }
        posts.iter_mut().for_each(|post| post.tend(now));
        wait(posts, woken);
    }
}

fn wait(posts: &[Post], mut woken: &PipeReader) {
    let bell = Pollable::new(woken.as_fd(), Interest::READ);
    let fds = posts.iter().flat_map(Post::fds);
    let mut fds: Vec<Pollable<'_>> = std::iter::once(bell).chain(fds).collect();
    let deadline = posts.iter().filter_map(Post::due).min();
    // It fails only without memory. Nothing is ready then, and the next turn tries again.
    let _ = sys::poll(&mut fds, Instant::now(), deadline);
    // Octets that do not fit ring the bell once more.
    let _ = woken.read(&mut [0; 64]);
}
