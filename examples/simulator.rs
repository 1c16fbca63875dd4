//! Runs the simulated Bedrock alone: `cargo run --example simulator -- [port]`, until standard input ends.

use std::io::{self, Read};

use ccag::simulator::{Options, Simulator};

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok());
    let options = Options { port: port.unwrap_or(0), ..Options::default() };
    let simulator = Simulator::start(options)?;
    println!("Simulated Bedrock: http://{}", simulator.address());
    io::stdin().read_to_end(&mut Vec::new())?;
    simulator.stop();
    Ok(())
}
