//! The table of options: every name, what it takes, what it says in the help.

/// What an option does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Opt {
    Ranks,
    PerHost,
    Folder,
    Export,
    GlobalVariable,
    LocalVariable,
    GlobalList,
    LocalList,
    GlobalNone,
    LocalNone,
    GlobalAll,
    LocalAll,
    Tag,
    Quiet,
    Timeout,
    Grace,
    Universe,
    Stdin,
    Hosts,
    HostFile,
    Example,
    Bin,
    CargoFlag,
    CargoValue,
    /// Accepted because scripts for other launchers say it; nothing here needs it.
    Unneeded,
    Help,
    Version,
}

/// How many words follow an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// None.
    Nothing,
    /// One.
    One,
    /// Two, or one in the form NAME=VALUE.
    Two,
}

impl Takes {
    /// As a number.
    pub fn count(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// One option.
#[derive(Debug)]
pub struct Spec {
    /// Its names without dashes, the one for the help first.
    pub names: &'static [&'static str],
    /// What it does.
    pub opt: Opt,
    /// How many words follow.
    pub takes: Takes,
    /// What the value is, for the help and for "needs a value".
    pub value: &'static str,
    /// A line for the help; empty: not listed.
    pub help: &'static str,
}

const fn spec(
    names: &'static [&'static str],
    opt: Opt,
    takes: Takes,
    value: &'static str,
    help: &'static str,
) -> Spec {
    Spec { names, opt, takes, value, help }
}

use Opt::*;
use Takes::*;

/// All options.
pub const OPTIONS: &[Spec] = &[
    spec(&["n", "np", "c"], Ranks, One, "N", "number of ranks; absent: one for each usable CPU"),
    spec(&["wdir", "wd", "dir", "d"], Folder, One, "FOLDER", "run in this folder"),
    spec(&["stdin"], Stdin, One, "RANK|none", "which rank reads standard input; absent: rank 0"),
    spec(&["example"], Example, One, "NAME", "build this cargo example, then run it"),
    spec(&["bin"], Bin, One, "NAME", "build this cargo binary, then run it"),
    spec(&["package", "p"], CargoValue, One, "PACKAGE", "for cargo"),
    spec(&["features", "F"], CargoValue, One, "FEATURES", "for cargo"),
    spec(&["release", "r"], CargoFlag, Nothing, "", "for cargo"),
    spec(&["profile"], CargoValue, One, "PROFILE", "for cargo"),
    spec(&["manifest-path"], CargoValue, One, "FILE", "for cargo"),
    spec(&["x"], Export, One, "VAR[=VALUE]", "set a variable in all ranks"),
    spec(&["genv"], GlobalVariable, Two, "VAR VALUE", "the same"),
    spec(&["env"], LocalVariable, Two, "VAR VALUE", "set a variable for this program alone"),
    spec(&["genvlist"], GlobalList, One, "VAR,VAR", "pass on these variables, no others"),
    spec(&["genvnone"], GlobalNone, Nothing, "", "pass on no variables"),
    spec(&["envlist"], LocalList, One, "VAR,VAR", ""),
    spec(&["envnone"], LocalNone, Nothing, "", ""),
    spec(&["genvall"], GlobalAll, Nothing, "", ""),
    spec(&["envall"], LocalAll, Nothing, "", ""),
    spec(
        &["tag-output", "l", "prepend-rank"],
        Tag,
        Nothing,
        "",
        "begin each line of output with its rank: [2] ...",
    ),
    spec(
        &["timeout"],
        Timeout,
        One,
        "SECONDS",
        "end the job after this time, exit code 110 (also MPIEXEC_TIMEOUT)",
    ),
    spec(
        &["grace"],
        Grace,
        One,
        "SECONDS",
        "from a signal to the end by force; absent: 5 (also RANKS_GRACE)",
    ),
    spec(&["usize"], Universe, One, "N", "what MPI_UNIVERSE_SIZE says; absent: the usable CPUs"),
    spec(&["quiet", "q"], Quiet, Nothing, "", "no report when a rank fails"),
    spec(&["host", "hosts", "hostlist", "H"], Hosts, One, "HOST,...", "accepted for this machine's own name"),
    spec(&["hostfile", "machinefile", "f"], HostFile, One, "FILE", "accepted for this machine's own name"),
    spec(&["ppn", "N", "npernode"], PerHost, One, "N", "ranks a machine: as -n, unless that is given too"),
    spec(&["help", "h", "?"], Help, Nothing, "", "this text"),
    spec(&["version", "V"], Version, Nothing, "", "the version"),
    // Unneeded here: more ranks than CPUs and root are fine, and ranks are not bound to CPUs.
    spec(
        &[
            "oversubscribe",
            "nooversubscribe",
            "allow-run-as-root",
            "use-hwthread-cpus",
            "bynode",
            "byslot",
            "bycore",
            "report-bindings",
            "display-map",
            "display-allocation",
            "verbose",
            "v",
        ],
        Unneeded,
        Nothing,
        "",
        "",
    ),
    spec(
        &[
            "bind-to", "map-by", "rank-by", "cpu-set", "cpu-list", "launcher", "rmk", "iface", "mapby",
            "bindto",
        ],
        Unneeded,
        One,
        "X",
        "",
    ),
    spec(&["mca", "gmca", "prtemca", "pmixmca"], Unneeded, Two, "KEY VALUE", ""),
];

/// The help's headings, each with the first names of its options.
pub const HELP_GROUPS: &[(&str, &[&str])] = &[
    ("Job", &["n", "wdir", "stdin", "timeout", "grace", "usize"]),
    ("Output", &["tag-output", "quiet"]),
    ("Building first", &["example", "bin", "package", "features", "release", "profile", "manifest-path"]),
    ("Environment", &["x", "genv", "env", "genvlist", "genvnone"]),
    ("Machines", &["host", "hostfile", "ppn"]),
    ("About", &["help", "version"]),
];

/// The option of a name without dashes.
pub fn find(name: &str) -> Option<&'static Spec> {
    OPTIONS.iter().find(|spec| spec.names.contains(&name))
}

/// A name as it is written: one letter behind one dash, and so are -np and its like; others behind two.
pub fn written(name: &str) -> String {
    if name.len() <= 2 { format!("-{name}") } else { format!("--{name}") }
}
