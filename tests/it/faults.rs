//! Real faults on real servers: the network fails at every step, connections are killed, servers are restarted, and futures
//! are dropped wherever they wait. Afterwards the next user of the pool gets right answers, no place is lost, and nothing is
//! left open on the server.

mod crowd;
mod dropped;
mod killed;
mod proof;
mod restart;
mod round_trips;
mod server;
mod session;
mod walk;
