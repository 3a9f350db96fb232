//! Starting other programs: described as a value first, then run in one of three ways.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often a program with a time limit is looked at.
const POLL: Duration = Duration::from_millis(100);

/// A program to start, with all that it is given.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Its name or path.
    program: OsString,
    /// Its arguments.
    args: Vec<OsString>,
    /// What is added to this process's own environment.
    env: Vec<(OsString, OsString)>,
    /// Where it runs; this process's own folder when `None`.
    folder: Option<PathBuf>,
}

impl Call {
    /// A call without arguments.
    pub(crate) fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            folder: None,
        }
    }

    /// Adds arguments.
    pub(crate) fn args<S: Into<OsString>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds a variable to the environment.
    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Says where to run.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_path_buf());
        self
    }

    /// Its environment, program and arguments as `env` takes them.
    pub(crate) fn words(&self) -> Vec<OsString> {
        let assigned = self.env.iter().map(|(name, value)| {
            let mut word = name.clone();
            word.push("=");
            word.push(value);
            word
        });
        let program = std::iter::once(self.program.clone());
        assigned.chain(program).chain(self.args.clone()).collect()
    }

    /// The same as the standard library's command.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }

    /// Starts the program.
    fn spawn(&self, command: &mut Command) -> Result<Child> {
        command
            .spawn()
            .with_context(|| format!("cannot start {}", file_name(&self.program)))
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            let value = value.to_string_lossy();
            let quote = if value.contains(' ') { "\"" } else { "" };
            write!(f, "{}={quote}{value}{quote} ", name.to_string_lossy())?;
        }
        f.write_str(&file_name(&self.program))?;
        for arg in &self.args {
            write!(f, " {}", arg.to_string_lossy())?;
        }
        Ok(())
    }
}

/// The last part of a program's path, as people know it.
fn file_name(program: &OsStr) -> String {
    Path::new(program)
        .file_name()
        .unwrap_or(program)
        .to_string_lossy()
        .into_owned()
}

/// Runs a program on this terminal and answers with its exit code (128 + n for signal n).
pub(crate) fn run(call: &Call) -> Result<u8> {
    let status = call.spawn(&mut call.command())?.wait()?;
    Ok(u8::try_from(exit_code(status)).unwrap_or(u8::MAX))
}

/// Runs a program on this terminal; an exit code other than 0 is an error.
pub(crate) fn succeed(call: &Call) -> Result<()> {
    match run(call)? {
        0 => Ok(()),
        code => bail!("`{call}` ended with {code}"),
    }
}

/// Runs a program, passes its standard output on as it comes, and hands every piece to `see`.
pub(crate) fn run_seen(call: &Call, mut see: impl FnMut(&[u8])) -> Result<i32> {
    let mut child = call.spawn(call.command().stdout(Stdio::piped()))?;
    let mut output = child.stdout.take().context("the output is not piped")?;
    let mut buffer = [0; 8192];
    loop {
        let length = match output.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let mut terminal = io::stdout().lock();
        terminal.write_all(&buffer[..length])?;
        terminal.flush()?;
        see(&buffer[..length]);
    }
    Ok(exit_code(child.wait()?))
}

/// What a program prints when it ends well; `None` when it does not exist or fails.
pub(crate) fn answer(call: &Call) -> Option<String> {
    let output = call
        .command()
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a program that may hang, and ends it when its time is over.
pub(crate) fn succeed_within(call: &Call, limit: Duration) -> Result<()> {
    let mut child = call.spawn(&mut call.command())?;
    let end = Instant::now() + limit;
    while Instant::now() < end {
        if let Some(status) = child.try_wait()? {
            return match exit_code(status) {
                0 => Ok(()),
                code => bail!("`{call}` ended with {code}"),
            };
        }
        thread::sleep(POLL);
    }
    child.kill()?;
    child.wait()?;
    bail!("`{call}` had not ended after {} seconds", limit.as_secs())
}

/// The exit code as a shell gives it.
fn exit_code(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128 + signal;
    }
    status.code().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_reads_as_one_would_type_it() {
        let call = Call::new("/usr/lib/bin/cargo")
            .args(["doc", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(
            call.to_string(),
            "RUSTDOCFLAGS=\"-D warnings\" cargo doc --no-deps"
        );
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&Call::new("/nowhere/no-such-program")).unwrap_err();
        assert_eq!(error.to_string(), "cannot start no-such-program");
    }

    #[cfg(unix)]
    #[test]
    fn output_is_seen_and_the_exit_code_kept() {
        let mut seen = Vec::new();
        let call = Call::new("sh").args(["-c", "echo one; echo two; exit 7"]);
        let code = run_seen(&call, |piece| seen.extend_from_slice(piece)).unwrap();
        assert_eq!((code, seen.as_slice()), (7, b"one\ntwo\n".as_slice()));
    }

    #[cfg(unix)]
    #[test]
    fn a_signal_is_told_as_a_shell_tells_it() {
        let call = Call::new("sh").args(["-c", "kill -9 $$"]);
        assert_eq!(run(&call).unwrap(), 137);
    }

    #[cfg(unix)]
    #[test]
    fn what_hangs_is_ended() {
        let call = Call::new("sleep").args(["infinity"]);
        assert!(succeed_within(&call, Duration::from_millis(300)).is_err());
    }
}
