//! Standard output as commands write it: data, and nothing else. What is said beside it goes to
//! standard error, and a command does its work whether or not anybody can hear that.

use super::Failure;
use miette::miette;
use std::fmt;
use std::io::{self, BufWriter, ErrorKind, Write};
use trader_journal::log::Damage;

/// Writes to standard output; a reader that has seen enough is not an error.
pub(super) fn print(write: impl FnOnce(&mut dyn Write) -> Result<(), Stop>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = write(&mut out).and_then(|()| out.flush().map_err(Stop::Output));
    match written {
        Ok(()) => Ok(()),
        Err(Stop::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(Stop::Output(error)) => Err(Failure::Input(miette!("cannot write to standard output: {error}"))),
        Err(Stop::Damage(damage)) => {
            // What was read before it is printed first.
            let _ = out.flush();
            Err(damaged(&damage))
        }
    }
}

/// Tells a line on standard output as it happens. A reader that is gone ends nothing.
pub(super) fn tell(line: impl fmt::Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Says a line on standard error. A reader that is gone, or a full disk behind it, ends nothing.
pub(super) fn say(line: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

pub(super) enum Stop {
    Output(io::Error),
    Damage(Damage),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Output(error)
    }
}

impl From<Damage> for Stop {
    fn from(damage: Damage) -> Stop {
        Stop::Damage(damage)
    }
}

/// A journal that is not what its writer wrote.
pub(super) fn damaged(damage: &Damage) -> Failure {
    Failure::NotRight(format!("DAMAGED {damage}"))
}
