//! Jobs that start jobs, and jobs that meet. Sections 11.8 and 11.9.

use crate::Result;
use crate::communicator::Communicator;
use crate::intercommunicator::Intercommunicator;
use ranks_engine::{CommId, Program};
use std::ffi::OsString;
use std::path::PathBuf;

/// What is to be started: programs, each on a number of ranks.
///
/// ```
/// let workers = ranks::Spawn::new("worker").arg("--quick").ranks(3).and("helper").ranks(1);
/// assert_eq!(workers.size(), 4);
/// ```
#[derive(Clone, Debug)]
pub struct Spawn {
    programs: Vec<Program>,
}

impl Spawn {
    fn program(file: impl Into<OsString>) -> Program {
        Program { file: file.into(), ranks: 1, ..Program::default() }
    }

    /// A program: a path, or a name to be looked for in PATH. It has one rank until [`Self::ranks`] says otherwise.
    pub fn new(file: impl Into<OsString>) -> Self {
        Self { programs: vec![Self::program(file)] }
    }

    /// A further program. What follows is said of that one.
    #[must_use]
    pub fn and(mut self, file: impl Into<OsString>) -> Self {
        self.programs.push(Self::program(file));
        self
    }

    fn last(&mut self) -> &mut Program {
        self.programs.last_mut().expect("there is a program from the start")
    }

    /// The number of ranks that run it.
    #[must_use]
    pub fn ranks(mut self, ranks: usize) -> Self {
        self.last().ranks = ranks;
        self
    }

    /// An argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.last().arguments.push(argument.into());
        self
    }

    /// Arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.last().arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// The folder that it runs in; without it, that of the rank that starts it.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.last().folder = Some(folder.into());
        self
    }

    /// The number of ranks of all programs.
    pub fn size(&self) -> usize {
        self.programs.iter().map(|program| program.ranks).sum()
    }
}

impl Communicator {
    fn across(&self, id: CommId) -> Result<Intercommunicator> {
        let mut comm = self.made(id)?;
        comm.partners = self.engine.engine().comm_remote_group(id)?.size() as usize;
        Ok(Intercommunicator { comm })
    }

    /// Starts programs as a job of their own, and returns when all their ranks have called [`ranks::init`](crate::init): the
    /// other group of the result. Only what rank `root` gives is looked at. The new ranks end with this job. The command
    /// `ranks` must be found: beside the program, or in PATH. Collective. Section 11.8.
    ///
    /// ```no_run
    /// let world = ranks::init()?;
    /// let workers = world.spawn(&ranks::Spawn::new("worker").ranks(4), 0)?;
    /// for rank in 0..workers.remote_size() {
    ///     workers.send("a task", rank, 0)?;
    /// }
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Spawn` when the programs cannot be started, or one ends before it is a rank; class `Rank` when there is no
    /// rank `root`.
    pub fn spawn(&self, what: &Spawn, root: usize) -> Result<Intercommunicator> {
        let id = self.engine.engine().spawn(self.id, Self::to(root), Ok(what.programs.clone()))?;
        self.across(id)
    }

    /// The ranks that have started this one's job, as the other group. The first call gives them; later calls, and a rank
    /// that was started otherwise, get none. Section 11.8.
    ///
    /// ```
    /// ranks::threads(1, |world| {
    ///     assert!(world.parent()?.is_none(), "it was started by nobody");
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that a program can cause.
    pub fn parent(&self) -> Result<Option<Intercommunicator>> {
        let parent = self.engine.engine().take_parent();
        parent.map(|id| self.across(id)).transpose()
    }

    /// Opens a port, at which ranks of other jobs are let in by [`Self::accept`]: its name. Local. Section 11.9.
    ///
    /// ```no_run
    /// let world = ranks::init()?;
    /// let port = world.open_port()?;
    /// world.publish_name("weather", &port)?;
    /// let clients = world.accept(&port, 0)?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Port` when too many are open, and where ranks are threads.
    pub fn open_port(&self) -> Result<String> {
        self.engine.engine().open_port()
    }

    /// Closes a port. Local.
    ///
    /// ```no_run
    /// let world = ranks::init()?;
    /// let port = world.open_port()?;
    /// world.close_port(&port)?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Port` when no such port is open.
    pub fn close_port(&self, port: &str) -> Result<()> {
        self.engine.engine().close_port(port)
    }

    /// Gives a port a name that all programs of this user on this machine find. It lasts until it is taken back or this
    /// process ends. Local.
    ///
    /// ```no_run
    /// let world = ranks::init()?;
    /// let port = world.open_port()?;
    /// world.publish_name("weather", &port)?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Service` when the name is published already.
    pub fn publish_name(&self, name: &str, port: &str) -> Result<()> {
        self.engine.engine().publish_name(name, port)
    }

    /// Takes a published name back. Local.
    ///
    /// ```no_run
    /// let world = ranks::init()?;
    /// let port = world.open_port()?;
    /// world.publish_name("weather", &port)?;
    /// world.unpublish_name("weather", &port)?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Service` when this rank has not published it.
    pub fn unpublish_name(&self, name: &str, port: &str) -> Result<()> {
        self.engine.engine().unpublish_name(name, port)
    }

    /// The port that somebody has published under a name. Local.
    ///
    /// ```no_run
    /// let world = ranks::init()?;
    /// let service = world.connect(&world.look_up_name("weather")?, 0)?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Name` when nobody has published it.
    pub fn look_up_name(&self, name: &str) -> Result<String> {
        self.engine.engine().look_up_name(name)
    }

    /// Waits until the ranks of a communicator connect at a port of this job, and lets them in: the other group of the
    /// result. Only the port of rank `root` is looked at. Collective. Section 11.9.
    ///
    /// ```no_run
    /// let world = ranks::init()?;
    /// let port = world.open_port()?;
    /// let clients = world.accept(&port, 0)?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Port` when no such port of this job is open.
    pub fn accept(&self, port: &str, root: usize) -> Result<Intercommunicator> {
        let id = self.engine.engine().accept(self.id, Self::to(root), port)?;
        self.across(id)
    }

    /// Connects at a port, and waits until somebody lets this communicator's ranks in: the other group of the result. Only
    /// the port of rank `root` is looked at. Collective. Section 11.9.
    ///
    /// ```no_run
    /// let world = ranks::init()?;
    /// let service = world.connect(&world.look_up_name("weather")?, 0)?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Port` when the port was never opened, is closed, or its job ends.
    pub fn connect(&self, port: &str, root: usize) -> Result<Intercommunicator> {
        let id = self.engine.engine().connect(self.id, Self::to(root), port)?;
        self.across(id)
    }
}
